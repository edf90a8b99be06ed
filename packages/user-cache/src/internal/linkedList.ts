/** The neighbours of an element of a {@link LinkedList}. */
export interface Links<N> {
  older: N | undefined
  newer: N | undefined
}

/** Elements in the order in which they were added. Adding and removing take constant time. */
export class LinkedList<N extends Links<N>> {
  size = 0
  oldest: N | undefined = undefined
  private newest: N | undefined = undefined

  /** Adds an element that is in no list. */
  add(node: N): void {
    node.older = this.newest
    if (this.newest === undefined) this.oldest = node
    else this.newest.newer = node
    this.newest = node
    this.size += 1
  }

  /** Makes an element that is in this list the newest. */
  touch(node: N): void {
    if (node === this.newest) return
    this.remove(node)
    this.add(node)
  }

  /** Removes an element that is in this list. */
  remove(node: N): void {
    if (node.older === undefined) this.oldest = node.newer
    else node.older.newer = node.newer
    if (node.newer === undefined) this.newest = node.older
    else node.newer.older = node.older
    node.older = undefined
    node.newer = undefined
    this.size -= 1
  }
}
