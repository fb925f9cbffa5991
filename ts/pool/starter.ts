import { startWorker } from '../host/start-worker.js';
import { WorkerError } from '../errors/worker-error.js';
import type { WorkerErrorCode } from '../types/worker-error-code.js';
import { Breaker } from './breaker.js';
import type { Broadcasts } from './broadcasts.js';
import { Limits } from './limits.js';
import { Member } from './member.js';
import type { Settings } from './settings.js';
import { now } from '../util/primordials.js';

/** What does not go away by trying again at once. */
const HOPELESS: ReadonlySet<WorkerErrorCode> = new Set<WorkerErrorCode>([
  'ERR_INVALID_OPTION',
  'ERR_SCRIPT_NOT_FOUND',
  'ERR_TYPESCRIPT_UNSUPPORTED',
  'ERR_NOT_SERIALIZABLE',
  'ERR_EXEC_PATH_REQUIRED',
  'ERR_UNSUPPORTED_BY_DRIVER',
  'ERR_UNSUPPORTED_PLATFORM',
  'ERR_ADDONS_DISABLED',
]);

/** Starts workers, a few at a time, and fewer while they cannot start. */
export class Starter {
  readonly breaker = new Breaker();
  /** How many workers are being started, by their generation. */
  private readonly starting = new Map<number, number>();
  private count = 0;
  private total = 0;
  private generation = 0;

  constructor(
    private readonly name: string,
    private readonly settings: Settings,
    private readonly broadcasts: Broadcasts,
    /** A start has failed, and may have opened the breaker. */
    private readonly onFailed: (error: WorkerError, hasOpened: boolean) => void,
  ) {}

  get inProgress(): number {
    return this.total;
  }

  get currentGeneration(): number {
    return this.generation;
  }

  /** What was started before, or is being started, is of an older generation from now on. */
  nextGeneration(): number {
    return ++this.generation;
  }

  isStartingOlder(generation: number): boolean {
    for (const [each, count] of this.starting) if (each < generation && count > 0) return true;
    return false;
  }

  mayStart(): boolean {
    return this.total < this.settings.maxStarts && this.breaker.mayStart(now(), this.total);
  }

  /** Resolves with a worker that knows all broadcasts; `undefined`: there is none, and the pool was told why. */
  async start(): Promise<Member | undefined> {
    const { generation } = this;
    this.breaker.begun();
    this.add(generation, 1);
    let member: Member | undefined;
    try {
      const worker = await startWorker({ ...this.settings.worker, name: `${this.name}-${++this.count}` });
      member = new Member(worker, new Limits(this.settings.recycle, Math.random()), generation);
      await this.broadcasts.replay(member);
      this.breaker.succeeded();
      return member;
    } catch (error) {
      void member?.worker.kill();
      const reason = error instanceof WorkerError ? error : asWorkerError(error);
      const hasOpened = this.breaker.failed(now(), reason, HOPELESS.has(reason.code));
      this.onFailed(reason, hasOpened);
      return undefined;
    } finally {
      this.add(generation, -1);
    }
  }

  private add(generation: number, count: number): void {
    this.total += count;
    const sum = (this.starting.get(generation) ?? 0) + count;
    if (sum === 0) this.starting.delete(generation);
    else this.starting.set(generation, sum);
  }
}

/** What the handler of a broadcast has thrown. */
function asWorkerError(cause: unknown): WorkerError {
  return new WorkerError('ERR_WORKER_SPAWN_FAILED', `a new worker failed to handle a broadcast`, {
    cause,
    phase: 'startup',
  });
}
