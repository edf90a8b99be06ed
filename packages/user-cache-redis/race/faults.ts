/** What is done to Redis and to the two processes while they race. */
export const faults = {
  flush: "flush Redis every 60 ms",
  "stop-redis": "stop Redis for up to a second",
  "kill-redis": "kill Redis, and start it empty",
  "old-file": "kill Redis, and start it with what it had a moment ago",
  promote: "promote a replica that missed the last changes",
  "fill-redis": "leave Redis no memory, with noeviction or with eviction",
  "forget-scripts": "flush the scripts of Redis",
  "slow-redis": "let Redis take up to 400 ms for an answer",
  "cut-connections": "end all connections, also in the middle of a reply",
  "set-clock": "set the wall clock of a process back or forward",
  "stop-process": "stop a process in the middle of a change",
  "kill-process": "kill a process in the middle of a change"
} as const

export type Fault = keyof typeof faults

export const faultNames = Object.keys(faults) as ReadonlyArray<Fault>
