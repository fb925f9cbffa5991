// `setTimeout` and its kind, over one timer of the addon.
import { bridge } from './bridge.js';
import { clock } from './clock.js';

/** A longer time is none, as in Node: 1 millisecond. */
const LONGEST = 2 ** 31 - 1;

type Callback = (...args: unknown[]) => void;

/** What `setTimeout` returns. */
export class Timer {
  static #last = 0;
  readonly #id = ++Timer.#last;
  due = 0;
  /** Its place among timers of one time. */
  order = 0;
  isActive = true;

  constructor(
    readonly callback: Callback,
    readonly args: readonly unknown[],
    readonly millis: number,
    readonly repeats: boolean,
  ) {}

  /** As in Node. Timers of an isolate keep it alive in any case. */
  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return this.isActive;
  }

  refresh(): this {
    if (this.isActive) timers.restart(this);
    return this;
  }

  close(): this {
    timers.remove(this);
    return this;
  }

  [Symbol.toPrimitive](): number {
    return this.#id;
  }

  get id(): number {
    return this.#id;
  }
}

/** A heap by time, and by order within a time. */
class Timers {
  private heap: Timer[] = [];
  private readonly byId = new Map<number, Timer>();
  private count = 0;

  add(callback: Callback, args: readonly unknown[], millis: unknown, repeats: boolean): Timer {
    if (typeof callback !== 'function') throw new TypeError('the callback of a timer must be a function');
    const time = Number(millis);
    const timer = new Timer(callback, args, time >= 1 && time <= LONGEST ? time : 1, repeats);
    this.byId.set(timer.id, timer);
    this.insert(timer);
    this.wake();
    return timer;
  }

  restart(timer: Timer): void {
    const at = this.heap.indexOf(timer);
    if (at >= 0) this.heap.splice(at, 1);
    this.heap.sort(compare);
    this.insert(timer);
    this.wake();
  }

  private insert(timer: Timer): void {
    timer.due = clock() + timer.millis;
    timer.order = ++this.count;
    const { heap } = this;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (compare(heap[parent] as Timer, timer) <= 0) break;
      heap[at] = heap[parent] as Timer;
      at = parent;
    }
    heap[at] = timer;
  }

  private takeFirst(): Timer {
    const { heap } = this;
    const first = heap[0] as Timer;
    const last = heap.pop() as Timer;
    if (heap.length > 0) this.sink(last);
    return first;
  }

  private sink(timer: Timer): void {
    const { heap } = this;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && compare(heap[child + 1] as Timer, heap[child] as Timer) < 0) child++;
      if (compare(heap[child] as Timer, timer) >= 0) break;
      heap[at] = heap[child] as Timer;
      at = child;
    }
    heap[at] = timer;
  }

  find(id: unknown): Timer | undefined {
    if (id instanceof Timer) return id;
    return typeof id === 'number' || typeof id === 'string' ? this.byId.get(Number(id)) : undefined;
  }

  remove(timer: Timer | undefined): void {
    if (timer === undefined) return;
    timer.isActive = false;
    this.byId.delete(timer.id);
    while (this.heap.length > 0 && !(this.heap[0] as Timer).isActive) this.takeFirst();
    // Those behind it are skipped when they are due; where they are most, they go at once.
    if (this.heap.length > 64 && this.heap.length > 2 * this.byId.size) {
      this.heap = this.heap.filter(({ isActive }) => isActive).toSorted(compare);
    }
    this.wake();
  }

  private wake(): void {
    const [first] = this.heap;
    bridge.wakeAfter(first === undefined ? -1 : Math.max(0, first.due - clock()));
  }

  /** Runs one timer that is due. An exception is the addon's to report. */
  readonly fire = (): void => {
    try {
      const now = clock();
      const [first] = this.heap;
      if (first === undefined || first.due > now) return;
      const timer = this.takeFirst();
      if (!timer.isActive) return;
      if (timer.repeats) this.insert(timer);
      else {
        timer.isActive = false;
        this.byId.delete(timer.id);
      }
      timer.callback(...timer.args);
    } finally {
      this.wake();
    }
  };
}

function compare(one: Timer, other: Timer): number {
  return one.due - other.due || one.order - other.order;
}

const timers = new Timers();
bridge.onTimer(timers.fire);

export const setTimeout = (callback: Callback, millis?: unknown, ...args: unknown[]): Timer =>
  timers.add(callback, args, millis, false);
export const setInterval = (callback: Callback, millis?: unknown, ...args: unknown[]): Timer =>
  timers.add(callback, args, millis, true);
export const setImmediate = (callback: Callback, ...args: unknown[]): Timer => timers.add(callback, args, 0, false);
export const clearTimeout = (timer: unknown): void => timers.remove(timers.find(timer));
export const clearInterval = clearTimeout;
export const clearImmediate = clearTimeout;
