/** What all invariants are written with. */
import type { Call, History } from "../history.js"

export type Check = (history: History) => { readonly text: string; readonly calls: ReadonlyArray<number> } | undefined

export const findFirst = <A, B>(from: ReadonlyArray<A>, find: (value: A) => B | undefined): B | undefined => {
  for (const value of from) {
    const found = find(value)
    if (found !== undefined) return found
  }
  return undefined
}

export const describe = (call: Call): string => `caller ${call.id}'s ${call.operation._tag}`
