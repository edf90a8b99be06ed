import * as v8 from "node:v8"
import * as vm from "node:vm"

v8.setFlagsFromString("--expose-gc")
const collectGarbage: () => void = vm.runInNewContext("gc")

/** What the heap has in use after everything else was collected. */
export const heapBytes = () => {
  collectGarbage()
  return v8.getHeapStatistics().used_heap_size
}

/** What buffers have in use outside of the heap, after everything else was collected. */
export const bufferBytes = () => {
  collectGarbage()
  // The buffers of the first collection are released in the background, at the latest when the next begins.
  collectGarbage()
  return process.memoryUsage().arrayBuffers
}
