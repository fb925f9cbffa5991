/** What a heap holds: it remembers its place there; -1: it is in none. */
export interface Placed {
  place: number;
}

/** A binary heap: the first item is at hand, and any other can be taken out without a search. */
export class Heap<T extends Placed> {
  private readonly items: T[] = [];

  constructor(private readonly isBefore: (one: T, other: T) => boolean) {}

  get size(): number {
    return this.items.length;
  }

  peek(): T | undefined {
    return this.items[0];
  }

  push(item: T): void {
    this.rise(item, this.items.length);
  }

  pop(): T | undefined {
    const [first] = this.items;
    if (first !== undefined) this.remove(first);
    return first;
  }

  remove(item: T): void {
    const { items } = this;
    const { place } = item;
    item.place = -1;
    const last = items.pop() as T;
    if (last === item) return;
    const parent = items[(place - 1) >> 1];
    if (place > 0 && this.isBefore(last, parent as T)) this.rise(last, place);
    else this.sink(last, place);
  }

  /** All items, in no order. */
  *[Symbol.iterator](): Generator<T> {
    yield* this.items;
  }

  private rise(item: T, from: number): void {
    const { items } = this;
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = items[above] as T;
      if (!this.isBefore(item, parent)) break;
      items[place] = parent;
      parent.place = place;
      place = above;
    }
    items[place] = item;
    item.place = place;
  }

  private sink(item: T, from: number): void {
    const { items } = this;
    const { length } = items;
    let place = from;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= length) break;
      if (below + 1 < length && this.isBefore(items[below + 1] as T, items[below] as T)) below++;
      const child = items[below] as T;
      if (!this.isBefore(child, item)) break;
      items[place] = child;
      child.place = place;
      place = below;
    }
    items[place] = item;
    item.place = place;
  }
}
