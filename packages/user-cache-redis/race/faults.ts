/** What is done to Redis and to the two processes while they race. */
export const faults = {
  flush: "flush Redis every 60 ms",
  "stop-redis": "stop Redis for up to a second",
  "kill-redis": "kill Redis, and start it empty",
  "stop-process": "stop a process in the middle of a change",
  "kill-process": "kill a process in the middle of a change"
} as const

export type Fault = keyof typeof faults

export const faultNames = Object.keys(faults) as ReadonlyArray<Fault>
