/** The key of a slot. A read finds slots under strings, never those under symbols. */
export interface SlotKey {
  readonly userId: string
  readonly key: string | symbol
}

type Group<S> = Map<SlotKey["key"], S>

/** Slots by user. Most users have one, so a map is made only for the second. */
export class Slots<S extends SlotKey> {
  private readonly users = new Map<string, S | Group<S>>()

  get(userId: string, key: SlotKey["key"]): S | undefined {
    const found = this.users.get(userId)
    if (found instanceof Map) return found.get(key)
    return found?.key === key ? found : undefined
  }

  /** Replaces the slot with the same key. */
  put(slot: S): void {
    const found = this.users.get(slot.userId)
    if (found instanceof Map) found.set(slot.key, slot)
    else if (found === undefined || found.key === slot.key) this.users.set(slot.userId, slot)
    else {
      const group: Group<S> = new Map([[found.key, found]])
      this.users.set(slot.userId, group.set(slot.key, slot))
    }
  }

  /** Returns whether the slot was there. */
  remove(slot: S): boolean {
    const found = this.users.get(slot.userId)
    if (found === slot) return this.users.delete(slot.userId)
    if (!(found instanceof Map) || found.get(slot.key) !== slot) return false
    found.delete(slot.key)
    if (found.size === 0) this.users.delete(slot.userId)
    return true
  }

  ofUser(userId: string): ReadonlyArray<S> {
    const found = this.users.get(userId)
    if (found instanceof Map) return [...found.values()]
    return found === undefined ? [] : [found]
  }

  userIds(): ReadonlyArray<string> {
    return [...this.users.keys()]
  }
}
