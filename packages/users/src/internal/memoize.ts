/** Caches what is made of an object, for as long as the object lives. */
export const memoize = <Source extends object, Made>(make: (source: Source) => Made): ((source: Source) => Made) => {
  const made = new WeakMap<Source, Made>()
  return (source) => {
    const known = made.get(source)
    if (known !== undefined) return known
    const value = make(source)
    made.set(source, value)
    return value
  }
}
