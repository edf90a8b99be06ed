/** What is made when it is first needed. */

/** A function that is made when it is first called: compiling all schemas at once would slow the start of a program. */
export const lazily = <Args extends ReadonlyArray<unknown>, A>(
  make: () => (...args: Args) => A
): ((...args: Args) => A) => {
  let made: ((...args: Args) => A) | undefined
  return (...args) => (made ??= make())(...args)
}

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
