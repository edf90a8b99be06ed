import type { Action } from "./schedule.js"
export const remark = (action: Action): string => JSON.stringify(action)
