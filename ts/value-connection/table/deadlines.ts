/** What has a deadline, in milliseconds of one clock. */
export interface Timed {
  /** Its place in the order of all; it decides between equal deadlines. */
  readonly sequence: number;
  /** `Infinity`: none. */
  readonly timeout: number;
  /** `Deadlines` sets it. */
  deadline: number;
}

/**
 * The items of one timeout, in the order of their deadlines. Time does not go backwards, so they come in that order, except that
 * equal deadlines, as of a stopped clock, may come in any order.
 */
class List<T extends Timed> {
  private items = new Set<T>();
  private isSorted = true;
  /** The last place in the order so far. */
  private deadline = -Infinity;
  private sequence = -1;

  get isEmpty(): boolean {
    return this.items.size === 0;
  }

  add(item: T): void {
    const { deadline, sequence } = item;
    this.items.add(item);
    if (deadline > this.deadline || (deadline === this.deadline && sequence > this.sequence)) {
      this.deadline = deadline;
      this.sequence = sequence;
    } else {
      this.isSorted = false;
    }
  }

  remove(item: T): void {
    this.items.delete(item);
  }

  first(): T | undefined {
    if (!this.isSorted) this.items = new Set([...this.items].toSorted(compare));
    this.isSorted = true;
    const [first] = this.items;
    return first;
  }
}

function compare(one: Timed, other: Timed): number {
  return one.deadline - other.deadline || one.sequence - other.sequence;
}

/**
 * Deadlines: one list for each distinct timeout. Finding the next deadline takes as long as there are distinct timeouts, usually
 * one to three.
 */
export class Deadlines<T extends Timed> {
  private readonly lists = new Map<number, List<T>>();

  /** Gives it the deadline `now` and its timeout, instead of any earlier one. */
  restart(item: T, now: number): void {
    this.remove(item);
    if (item.timeout === Infinity) return;
    item.deadline = now + item.timeout;
    let list = this.lists.get(item.timeout);
    if (list === undefined) this.lists.set(item.timeout, (list = new List()));
    list.add(item);
  }

  remove(item: T): void {
    const list = this.lists.get(item.timeout);
    if (list === undefined) return;
    list.remove(item);
    if (list.isEmpty) this.lists.delete(item.timeout);
  }

  /** The item with the earliest deadline. */
  first(): T | undefined {
    let first: T | undefined;
    for (const list of this.lists.values()) {
      const item = list.first() as T;
      if (first === undefined || compare(item, first) < 0) first = item;
    }
    return first;
  }

  /** Removes and returns the items whose deadline is `now` or earlier, in the order of their deadlines. */
  takeDue(now: number): T[] {
    const due: T[] = [];
    for (let item = this.first(); item !== undefined && item.deadline <= now; item = this.first()) {
      this.remove(item);
      due.push(item);
    }
    return due;
  }
}
