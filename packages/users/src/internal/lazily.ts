/** A function that is made when it is first called: compiling all schemas at once would slow the start of a program. */
export const lazily = <Args extends ReadonlyArray<unknown>, A>(
  make: () => (...args: Args) => A
): ((...args: Args) => A) => {
  let made: ((...args: Args) => A) | undefined
  return (...args) => (made ??= make())(...args)
}
