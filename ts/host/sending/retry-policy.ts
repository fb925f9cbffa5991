import { invalidOption, WorkerCrashedError } from '../../errors/worker-error.js';
import { cameToGroup } from '../group-signals.js';

/** The number of attempts of requests. */
export class RetryPolicy {
  private constructor(
    private readonly general: number,
    private readonly types: ReadonlyMap<string, number>,
  ) {}

  /** `undefined` if no request is ever retried. */
  static from(option: unknown): RetryPolicy | undefined {
    if (option === undefined) return undefined;
    const name = 'unexpectedShutdown';
    const general = attemptsOf(option, name);
    const { types } = option as { types?: unknown };
    if (types !== undefined && (typeof types !== 'object' || types === null)) {
      throw invalidOption(`${name}.types`, 'an object', types);
    }
    const each = Object.entries(types ?? {}).filter(([, strategy]) => strategy !== undefined);
    const policy = new RetryPolicy(
      general,
      new Map(each.map(([type, strategy]) => [type, attemptsOf(strategy, `${name}.types.${type}`)])),
    );
    return policy.most > 1 ? policy : undefined;
  }

  attempts(type: string): number {
    return this.types.get(type) ?? this.general;
  }

  /** The largest number of attempts. */
  get most(): number {
    return Math.max(this.general, ...this.types.values());
  }
}

const DEFAULT_ATTEMPTS = 2;

function attemptsOf(option: unknown, name: string): number {
  const { strategy, attempts = DEFAULT_ATTEMPTS } = (option ?? {}) as { strategy?: unknown; attempts?: unknown };
  if (strategy === 'reject') return 1;
  if (strategy !== 'retry') throw invalidOption(`${name}.strategy`, '"reject" or "retry"', strategy);
  if (typeof attempts !== 'number' || !(attempts >= 1)) {
    throw invalidOption(`${name}.attempts`, 'a number, 1 or more', attempts);
  }
  return Math.floor(attempts);
}

/** Whether the host has also received the signal that ended the worker. */
export function endedWithHost(error: unknown): boolean {
  const { reason } = (error ?? {}) as Partial<WorkerCrashedError>;
  return reason?.type === 'exit' && cameToGroup(reason.signal);
}

/** Adds to a crash which attempt it ended, and returns whether there is another. */
export function mayRetry(error: unknown, attempt: number, most: number): boolean {
  if (!(error instanceof WorkerCrashedError)) return false;
  // The host is about to end too.
  if (endedWithHost(error)) return false;
  Object.assign(error, { attempt, maxAttempts: most });
  return attempt < most;
}
