import type { Worker } from '../host/worker.js';
import type { PoolWorker } from '../types/pool-worker.js';
import { now } from '../util/primordials.js';
import { BackOff } from './back-off.js';
import type { Seat } from './core/seat.js';
import type { Limits } from './limits.js';
import { rssOf } from './rss.js';

/** A worker of a pool. */
export class Member implements Seat {
  slot = -1;
  inFlight = 0;
  isPaused = false;
  isAlone = false;
  state: 'spare' | 'serving' | 'draining' | 'gone' = 'spare';
  /** It was told to end. */
  isClosing = false;
  /** Called when it is gone. */
  onLeft: (() => void) | undefined;
  /** A request has ended, and what follows from that is due. */
  hasFinished = false;
  /** Its end was told. */
  hasLeft = false;
  /** How many requests it was given. */
  begun = 0;
  completed = 0;
  readonly since = now();
  idleSince = this.since;
  until: number | undefined;
  /** Of the requests that it has ended, in milliseconds. */
  runTime = 0;
  /** The sum of the instants at which those that it runs began. */
  begunAt = 0;
  /** The broadcasts up to this one have reached it. */
  heard = 0;
  /** For how long it has not responded, in milliseconds: the pool has killed it. */
  unresponsiveFor: number | undefined;
  /** Of its slot. */
  backOff = new BackOff();
  readonly view: PoolWorker = new View(this);

  /** @param generation - How often the pool had been restarted before this worker was started. */
  constructor(
    readonly worker: Worker,
    readonly limits: Limits,
    readonly generation: number,
  ) {}

  /** How much of its places was in use so far, and how much there was, in milliseconds. */
  use(time: number, concurrency: number): { used: number; there: number } {
    const used = this.runTime + this.inFlight * time - this.begunAt;
    return { used, there: ((this.until ?? time) - this.since) * concurrency };
  }
}

/** What a user may see of a worker. */
class View implements PoolWorker {
  readonly #member: Member;

  constructor(member: Member) {
    this.#member = member;
  }

  get name(): string {
    return this.#member.worker.name;
  }

  get pid(): number | undefined {
    return this.#member.worker.pid;
  }

  get state(): PoolWorker['state'] {
    const { state, isPaused, inFlight } = this.#member;
    if (state !== 'serving') return state;
    if (isPaused) return 'paused';
    return inFlight === 0 ? 'idle' : 'busy';
  }

  get inFlight(): number {
    return this.#member.inFlight;
  }

  get completed(): number {
    return this.#member.completed;
  }

  get age(): number {
    return Math.round((this.#member.until ?? now()) - this.#member.since);
  }

  get rss(): number | undefined {
    return this.#member.state === 'gone' ? undefined : rssOf(this.#member.worker.pid);
  }

  static memberOf(view: unknown): Member | undefined {
    return typeof view === 'object' && view !== null && #member in view ? view.#member : undefined;
  }
}

/** The worker that a user names; `undefined`: it is none of any pool. */
export const memberOf = (view: unknown): Member | undefined => View.memberOf(view);
