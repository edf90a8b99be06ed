/** What is known of each user, by where it is: most users have one thing, so that a map of their own would be most of it. */
export interface Placed {
  readonly userId: string
  readonly place: string | symbol
}

type Several<S> = Map<Placed["place"], S>

export class Slots<S extends Placed> {
  private readonly users = new Map<string, S | Several<S>>()

  get(userId: string, place: Placed["place"]): S | undefined {
    const found = this.users.get(userId)
    if (found instanceof Map) return found.get(place)
    return found?.place === place ? found : undefined
  }

  /** Replaces what is in the same place. */
  put(slot: S): void {
    const found = this.users.get(slot.userId)
    if (found instanceof Map) found.set(slot.place, slot)
    else if (found === undefined || found.place === slot.place) this.users.set(slot.userId, slot)
    else {
      const several: Several<S> = new Map([[found.place, found]])
      this.users.set(slot.userId, several.set(slot.place, slot))
    }
  }

  /** Whether it was there. */
  remove(slot: S): boolean {
    const found = this.users.get(slot.userId)
    if (found === slot) return this.users.delete(slot.userId)
    if (!(found instanceof Map) || found.get(slot.place) !== slot) return false
    found.delete(slot.place)
    if (found.size === 0) this.users.delete(slot.userId)
    return true
  }

  /** All of a user. */
  of(userId: string): ReadonlyArray<S> {
    const found = this.users.get(userId)
    if (found instanceof Map) return [...found.values()]
    return found === undefined ? [] : [found]
  }

  userIds(): ReadonlyArray<string> {
    return [...this.users.keys()]
  }
}
