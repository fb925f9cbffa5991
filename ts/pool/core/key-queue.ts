import { Heap, type Placed } from './heap.js';
import type { Seat } from './seat.js';

/** A request as the scheduler sees it. */
export interface QueuedRequest extends Placed {
  /** Where it stands in the order of the calls. A request that is tried again keeps its number. */
  readonly sequence: number;
  /** The higher one goes first. */
  readonly priority: number;
  readonly key: string | undefined;
  /** It was in flight when a worker crashed: it runs alone from now on, so that the next crash tells whose it is. */
  isSuspect: boolean;
  /** The requests with its key, while it waits or runs. The scheduler sets it. */
  keyQueue: KeyQueue | undefined;
}

/** The order in which requests leave the queue: the higher priority first; within one, the order of the calls. */
export function goesBefore(one: QueuedRequest, other: QueuedRequest): boolean {
  return one.priority === other.priority ? one.sequence < other.sequence : one.priority > other.priority;
}

/** The requests that have one key, while any of them waits or runs. */
export class KeyQueue implements Placed {
  place = -1;
  /** The slot whose worker serves them. It does not change while one of them runs. */
  slot = -1;
  /** In the order of the calls: a key is FIFO, whatever the priorities. */
  readonly waiting = new Heap<QueuedRequest>((one, other) => one.sequence < other.sequence);
  inFlight = 0;
  /** The worker that runs them now, if `inFlight` is above 0. */
  seat: Seat | undefined;

  constructor(readonly key: string) {}

  get first(): QueuedRequest | undefined {
    return this.waiting.peek();
  }

  /** Whether a worker may run the first request: no other worker runs one of this key. */
  isFreeFor(seat: Seat): boolean {
    return this.inFlight === 0 || this.seat === seat;
  }
}

/** The key whose first request goes first. */
export function keyGoesBefore(one: KeyQueue, other: KeyQueue): boolean {
  return goesBefore(one.first as QueuedRequest, other.first as QueuedRequest);
}
