/**
 * Deadlines of many keys. Moving one later, the common case, is one write into a map: keys wait in slots of
 * time and are put into a later slot only when theirs comes up.
 */
export class Deadlines<K> {
  private readonly slotMs: number;
  private readonly at: Map<K, number> = new Map();
  /** Slot n holds keys to look at from n · slotMs on. A key with a deadline is in a slot at or before it. */
  private readonly slots: Map<number, Set<K>> = new Map();
  /** Slots up to this one are empty. */
  private doneSlot = Number.NEGATIVE_INFINITY;

  constructor(slotMs: number) {
    this.slotMs = slotMs;
  }

  get size(): number {
    return this.at.size;
  }

  has(key: K): boolean {
    return this.at.has(key);
  }

  set(key: K, deadlineMs: number): void {
    const former = this.at.get(key);
    this.at.set(key, deadlineMs);
    if (former === undefined || deadlineMs < former) this.place(key, deadlineMs);
  }

  delete(key: K): void {
    this.at.delete(key);
  }

  clear(): void {
    this.at.clear();
    this.slots.clear();
    this.doneSlot = Number.NEGATIVE_INFINITY;
  }

  /** Takes out the keys whose deadline is at or before `nowMs`. */
  expired(nowMs: number): K[] {
    const over: K[] = [];
    const last = Math.floor(nowMs / this.slotMs);
    for (const slot of this.slotsUpTo(last)) {
      const keys = this.slots.get(slot)!;
      this.slots.delete(slot);
      for (const key of keys) this.lookAt(key, nowMs, over);
    }
    this.doneSlot = Math.max(this.doneSlot, last - 1);
    return over;
  }

  private lookAt(key: K, nowMs: number, over: K[]): void {
    const deadline = this.at.get(key);
    if (deadline === undefined) return;
    if (deadline <= nowMs) {
      this.at.delete(key);
      over.push(key);
    } else this.place(key, deadline);
  }

  private place(key: K, deadlineMs: number): void {
    const slot = Math.max(Math.floor(deadlineMs / this.slotMs), this.doneSlot + 1);
    const keys = this.slots.get(slot);
    if (keys === undefined) this.slots.set(slot, new Set([key]));
    else keys.add(key);
  }

  private slotsUpTo(last: number): number[] {
    if (last - this.doneSlot > this.slots.size) return [...this.slots.keys()].filter((slot) => slot <= last);
    const slots: number[] = [];
    for (let slot = this.doneSlot + 1; slot <= last; slot++) if (this.slots.has(slot)) slots.push(slot);
    return slots;
  }
}
