/** Interleaved rounds: a busy moment of the machine affects all contestants alike. */
import type { Entrant, Samples } from "./comparison.js"
import type { Client, Contestant, Setup } from "./contestant.js"
import { formatAnswer } from "./contestant.js"

/** A contestant with its client. */
export interface Ready<I> extends Entrant {
  readonly client: I
}

/** Makes the clients of all contestants, runs, and closes them. */
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
  for (const { client, name } of ready) answers.set(formatAnswer(await client.one(userId)), name)
  if (answers.size !== 1) {
    const found = Array.from(answers, ([answer, name]) => `${name}: ${answer}`)
    throw new Error(`the contestants do not agree\n${found.join("\n")}`)
  }
}

/** The samples of all contestants, of each kind of number. Each round begins with another contestant. */
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

/** Elapsed time and processor time of one run, in nanoseconds. */
export const measureCost = async (
  run: () => Promise<unknown>
): Promise<{ readonly wall: number; readonly cpu: number }> => {
  const before = process.cpuUsage()
  const startedAt = process.hrtime.bigint()
  await run()
  const wall = Number(process.hrtime.bigint() - startedAt)
  const { system, user } = process.cpuUsage(before)
  return { wall, cpu: (user + system) * 1000 }
}
