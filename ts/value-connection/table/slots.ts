/** Above this many places the table releases its memory once all of them are free. */
const KEPT = 4096;

/** Numbered places for values. A vacated number stays unused until it is recycled. */
export class Slots<T> {
  private places: (T | undefined)[] = [];
  /** Available numbers, the last one first. */
  private free: number[] = [];
  /** Numbers that must wait. */
  private vacated: number[] = [];

  insert(value: T): number {
    const slot = this.free.pop() ?? this.places.length;
    this.places[slot] = value;
    return slot;
  }

  get(slot: number): T | undefined {
    return this.places[slot];
  }

  remove(slot: number): void {
    this.places[slot] = undefined;
    this.vacated.push(slot);
  }

  /** Makes vacated numbers available again. */
  recycle(): void {
    for (const slot of this.vacated) this.free.push(slot);
    this.vacated.length = 0;
    if (this.places.length > KEPT && this.free.length === this.places.length) this.places = this.free = [];
  }
}
