/** Rounds in which everybody has a turn, so that whatever else the machine does meets all of them. */
import type { Client, Contestant, Setup } from "./contestant.js"
import { inWords } from "./contestant.js"
import type { Entrant, Samples } from "./comparison.js"

/** A contestant that is ready. */
export interface Ready<I> extends Entrant {
  readonly client: I
}

/** Runs with all contestants made ready, and closes them. */
export const withReady = async <I extends Client, A>(
  contestants: ReadonlyArray<Contestant<I>>,
  setup: Setup,
  run: (ready: ReadonlyArray<Ready<I>>) => Promise<A>
): Promise<A> => {
  const ready: Array<Ready<I>> = []
  try {
    for (const { make, name, packages } of contestants) ready.push({ name, packages, client: await make(setup) })
    return await run(ready)
  } finally {
    for (const { client } of ready) await client.close()
  }
}

/** Fails unless all give the same answer for a user. */
export const checkAnswers = async (ready: ReadonlyArray<Ready<Client>>, userId: string): Promise<void> => {
  const answers = new Map<string, string>()
  for (const { client, name } of ready) answers.set(inWords(await client.one(userId)), name)
  if (answers.size !== 1) {
    const found = Array.from(answers, ([answer, name]) => `${name}: ${answer}`)
    throw new Error(`the contestants do not agree\n${found.join("\n")}`)
  }
}

/** The samples of all, of each kind of number. The first to go is another one in each round. */
export const interleave = async <E extends Entrant, K extends string>(
  entrants: ReadonlyArray<E>,
  rounds: number,
  measure: (entrant: E, round: number) => Promise<Record<K, number>>
): Promise<(kind: K) => ReadonlyArray<Samples>> => {
  const found = entrants.map((entrant) => ({ entrant, samples: new Array<Record<K, number>>() }))
  for (let round = 0; round < rounds; round++) {
    const first = round % entrants.length
    for (const { entrant, samples } of [...found.slice(first), ...found.slice(0, first)]) {
      samples.push(await measure(entrant, round))
    }
  }
  return (kind) => found.map(({ entrant, samples }) => ({ entrant, values: samples.map((sample) => sample[kind]) }))
}

/** Runs once, and tells how long it took, and how long the processor worked for this process, in nanoseconds. */
export const cost = async (run: () => Promise<unknown>): Promise<{ readonly wall: number; readonly cpu: number }> => {
  const before = process.cpuUsage()
  const startedAt = process.hrtime.bigint()
  await run()
  const wall = Number(process.hrtime.bigint() - startedAt)
  const { system, user } = process.cpuUsage(before)
  return { wall, cpu: (user + system) * 1000 }
}
