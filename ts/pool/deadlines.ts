import { Heap, type Placed } from './core/heap.js';

/** An instant, and what happens then. */
export interface Deadline extends Placed {
  readonly at: number;
  expire(): void;
}

/** What is late when. It has no timers: time is a parameter. */
export class Deadlines {
  private readonly heap = new Heap<Deadline>((one, other) => one.at < other.at);

  /** The first instant; `Infinity`: there is none. */
  get first(): number {
    return this.heap.peek()?.at ?? Infinity;
  }

  add(at: number, expire: () => void): Deadline {
    const deadline: Deadline = { at, expire, place: -1 };
    this.heap.push(deadline);
    return deadline;
  }

  remove(deadline: Deadline): void {
    if (deadline.place >= 0) this.heap.remove(deadline);
  }

  expire(now: number): void {
    while (this.first <= now) this.heap.pop()?.expire();
  }
}
