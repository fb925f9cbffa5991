import type { Choose } from './choose.js';
import { Heap } from './heap.js';
import { KeyQueue, goesBefore, keyGoesBefore, type QueuedRequest } from './key-queue.js';
import type { Seat } from './seat.js';
import { slotOfKey } from './slot-of-key.js';

/** A place for one worker. A slot without a worker may have requests that wait for one. */
export interface Slot<S extends Seat> {
  /** The worker that takes requests. */
  seat: S | undefined;
  /** A worker is being started for it. */
  isStarting: boolean;
  /** The keys that it serves and that have a request which may run. */
  readonly keys: Heap<KeyQueue>;
}

/** What becomes of a request: a worker runs it, or the choice of one has failed. */
export type Decision<R, S> =
  | { readonly request: R; readonly seat: S }
  | { readonly request: R; readonly seat: undefined; readonly error: unknown };

/**
 * Which request runs next, and on which worker. It has no timers, knows no clock and calls nobody but `choose`: it is the part
 * of the pool that a test can drive.
 */
export class Scheduler<R extends QueuedRequest, S extends Seat> {
  readonly slots: Slot<S>[] = [];
  /** How many requests wait. */
  queued = 0;
  private readonly shared = new Heap<R>(goesBefore);
  /** Those without a key that run alone. */
  private readonly suspects = new Heap<R>(goesBefore);
  private readonly keys = new Map<string, KeyQueue>();

  /**
   * @param size - How many workers there may be.
   * @param concurrency - How many requests a worker runs at once.
   */
  constructor(
    size: number,
    private readonly concurrency: number,
    private readonly choose: Choose<R, S>,
  ) {
    this.resize(size);
  }

  /** The workers that take requests, by slot. */
  get seats(): S[] {
    const seats: S[] = [];
    for (const { seat } of this.slots) if (seat !== undefined) seats.push(seat);
    return seats;
  }

  add(request: R): void {
    this.queued++;
    if (request.key !== undefined) this.addKeyed(request, request.key);
    else if (request.isSuspect) this.suspects.push(request);
    else this.shared.push(request);
  }

  /** Takes a request out of the queue; `false`: it does not wait. */
  remove(request: R): boolean {
    if (request.place < 0) return false;
    this.queued--;
    const { keyQueue } = request;
    if (keyQueue === undefined) (request.isSuspect ? this.suspects : this.shared).remove(request);
    else {
      this.unlist(keyQueue);
      keyQueue.waiting.remove(request);
      request.keyQueue = undefined;
      this.list(keyQueue);
    }
    return true;
  }

  /** Whether a request with this key has to wait for others of it, or for its worker. */
  isKeyWaiting(key: string): boolean {
    return (this.keys.get(key)?.waiting.size ?? 0) > 0;
  }

  /** The worker that runs requests with a key, or would now. */
  seatOfKey(key: string): S | undefined {
    const queue = this.keys.get(key);
    if (queue?.seat !== undefined) return queue.seat as S;
    return this.slots[queue?.slot ?? slotOfKey(key, this.slots.length)]?.seat;
  }

  /**
   * The worker that runs the fewest requests and has a free place, where nothing waits: it counts as one that runs another from
   * now on. A short way for a request without a key; `undefined`: `add` it.
   */
  takeLeastBusy(): S | undefined {
    if (this.queued > 0) return undefined;
    let least: S | undefined;
    for (const { seat } of this.slots) {
      if (seat === undefined || (least !== undefined && seat.inFlight >= least.inFlight)) continue;
      if (!seat.isPaused && !seat.isAlone && seat.inFlight < this.concurrency) least = seat;
    }
    if (least !== undefined) least.inFlight++;
    return least;
  }

  /** Takes the next request that can run out of the queue, and counts it as one that runs. */
  next(): Decision<R, S> | undefined {
    if (this.queued === 0) return undefined;
    const free = this.freeSeats();
    const alone = this.suspects.peek();
    if (alone !== undefined) {
      const empty = free.find(({ inFlight }) => inFlight === 0);
      if (empty !== undefined) return this.begin(alone, empty);
      // One worker gets nothing until it is empty; the others go on.
      const held = leastInFlight(this.seats);
      const index = held === undefined ? -1 : free.indexOf(held);
      if (index >= 0) free.splice(index, 1);
    }
    let best: { request: R; seat: S } | undefined;
    for (let index = 0; index < free.length; index++) {
      const seat = free[index] as S;
      const first = (this.slots[seat.slot] as Slot<S>).keys.peek()?.first as R | undefined;
      if (first === undefined) continue;
      if (first.isSuspect && seat.inFlight > 0) free.splice(index--, 1);
      else if (best === undefined || goesBefore(first, best.request)) best = { request: first, seat };
    }
    const request = this.shared.peek();
    const isShared =
      request !== undefined && free.length > 0 && (best === undefined || goesBefore(request, best.request));
    if (!isShared) return best && this.begin(best.request, best.seat);
    let seat: S;
    try {
      seat = this.choose(free, request);
    } catch (error) {
      this.remove(request);
      return { request, seat: undefined, error };
    }
    return this.begin(request, seat);
  }

  /** Counts a request as one that this worker runs. */
  private begin(request: R, seat: S): Decision<R, S> {
    const { keyQueue } = request;
    this.remove(request);
    seat.inFlight++;
    seat.isAlone = request.isSuspect;
    if (keyQueue !== undefined) {
      request.keyQueue = keyQueue;
      keyQueue.inFlight++;
      keyQueue.seat = seat;
      this.keys.set(keyQueue.key, keyQueue);
    }
    return { request, seat };
  }

  /** A worker runs a request no longer. */
  finish(request: R, seat: S): void {
    seat.inFlight--;
    seat.isAlone = false;
    const { keyQueue } = request;
    if (keyQueue === undefined) return;
    request.keyQueue = undefined;
    this.unlist(keyQueue);
    keyQueue.inFlight--;
    if (keyQueue.inFlight === 0) keyQueue.seat = undefined;
    this.list(keyQueue);
  }

  /** Puts a worker into a slot; gives the one that was there, which gets nothing any more. */
  seat(slot: number, seat: S): S | undefined {
    const place = this.slots[slot] as Slot<S>;
    const { seat: before } = place;
    place.seat = seat;
    seat.slot = slot;
    if (before !== undefined) before.slot = -1;
    this.relist(place);
    return before;
  }

  /** Takes a worker out of its slot. */
  unseat(seat: S): void {
    const slot = this.slots[seat.slot];
    if (slot?.seat === seat) slot.seat = undefined;
    seat.slot = -1;
  }

  /** Changes the number of slots; gives the workers of those that are no more. */
  resize(size: number): S[] {
    while (this.slots.length < size)
      this.slots.push({ seat: undefined, isStarting: false, keys: new Heap(keyGoesBefore) });
    const gone = this.slots.splice(size);
    const seats = gone.flatMap(({ seat }) => seat ?? []);
    for (const seat of seats) seat.slot = -1;
    for (const queue of this.keys.values()) {
      if (queue.place >= 0) (this.slots[queue.slot] ?? (gone[queue.slot - size] as Slot<S>)).keys.remove(queue);
      this.list(queue);
    }
    return seats;
  }

  /** Slots for which workers should be started, the most wanted first. */
  wanted(least: number): number[] {
    const wanted: number[] = [];
    let coming = 0;
    let count = 0;
    for (const [index, slot] of this.slots.entries()) {
      if (slot.seat !== undefined || slot.isStarting) count++;
      if (slot.isStarting && slot.seat === undefined) coming += Math.max(this.concurrency - slot.keys.size, 0);
      if (slot.seat === undefined && !slot.isStarting && slot.keys.size > 0) wanted.push(index);
    }
    let missing = Math.ceil((this.shared.size + this.suspects.size - coming) / this.concurrency);
    missing = Math.max(missing, least - count - wanted.length);
    for (let index = 0; index < this.slots.length && missing > 0; index++) {
      const slot = this.slots[index] as Slot<S>;
      if (slot.seat !== undefined || slot.isStarting || slot.keys.size > 0) continue;
      wanted.push(index);
      missing--;
    }
    return wanted;
  }

  /** The requests that no worker there is could run: all, where there is none, or those whose key has none. */
  stranded(): R[] {
    if (this.slots.every(({ seat }) => seat === undefined)) return this.waiting();
    const stranded: R[] = [];
    for (const queue of this.keys.values()) {
      if (queue.inFlight === 0 && this.slots[queue.slot]?.seat === undefined)
        stranded.push(...(queue.waiting as unknown as Heap<R>));
    }
    return stranded;
  }

  /** All requests that wait, in no order. */
  waiting(): R[] {
    const keyed = [...this.keys.values()].flatMap((queue) => [...(queue.waiting as unknown as Heap<R>)]);
    return [...this.shared, ...this.suspects, ...keyed];
  }

  private freeSeats(): S[] {
    const free: S[] = [];
    for (const { seat } of this.slots) {
      if (seat === undefined || seat.isPaused || seat.isAlone || seat.inFlight >= this.concurrency) continue;
      free.push(seat);
    }
    return free;
  }

  private addKeyed(request: R, key: string): void {
    let queue = this.keys.get(key);
    if (queue === undefined) this.keys.set(key, (queue = new KeyQueue(key)));
    this.unlist(queue);
    queue.waiting.push(request);
    request.keyQueue = queue;
    this.list(queue);
  }

  /** Lists a key at its slot, where one of its requests can run there; forgets a key that has none. */
  private list(queue: KeyQueue): void {
    if (queue.inFlight === 0) {
      if (queue.waiting.size === 0) return void this.keys.delete(queue.key);
      if (queue.slot < 0 || queue.slot >= this.slots.length) queue.slot = slotOfKey(queue.key, this.slots.length);
    }
    const slot = this.slots[queue.slot];
    if (slot === undefined || queue.waiting.size === 0) return;
    if (queue.inFlight === 0 || queue.seat === slot.seat) slot.keys.push(queue);
  }

  private unlist(queue: KeyQueue): void {
    if (queue.place >= 0) (this.slots[queue.slot] as Slot<S>).keys.remove(queue);
  }

  /** A slot has another worker: keys of which the one before still runs a request wait for that. `finish` lists them again. */
  private relist({ keys, seat }: Slot<S>): void {
    for (const queue of Array.from(keys)) if (seat !== undefined && !queue.isFreeFor(seat)) keys.remove(queue);
  }
}

function leastInFlight<S extends Seat>(seats: readonly S[]): S | undefined {
  let least: S | undefined;
  for (const seat of seats) {
    if (!seat.isPaused && !seat.isAlone && (least === undefined || seat.inFlight < least.inFlight)) least = seat;
  }
  return least;
}
