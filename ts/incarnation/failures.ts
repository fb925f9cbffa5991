import type { Ending, HostChannel } from '../drivers/host-channel.js';
import { WorkerCrashedError, WorkerError } from '../errors.js';
import { startTimeout } from '../host-errors.js';
import { decodeError } from '../rebuilt-error.js';
import type { ShutdownReason } from '../types/shutdown-reason.js';
import { type Condition, EXIT_GRACE } from './condition.js';

/** The errors of a worker that has failed. */
export class Failures {
  /** The error that ends it, as it has told. */
  private fatal: unknown;

  constructor(
    private readonly name: string,
    private readonly startupTimeout: number,
    private readonly channel: HostChannel,
    private readonly condition: Condition,
  ) {}

  /** The worker has told the error that ends it. */
  onFatal(payload: unknown): void {
    if (payload !== undefined) this.fatal = thrownOf(decodeError(payload));
  }

  /** It has ended, and nobody had asked for that. */
  crashed({ reason, cause }: Ending): (messageType?: string) => WorkerCrashedError {
    return this.makerOf(reason, this.fatal ?? cause);
  }

  /** It has ended while this thread was blocked, which is told of that later. */
  lostWhileBlocked(messageType: string, told: unknown): Error {
    const { channel, condition } = this;
    if (condition.failure !== undefined) return condition.failure(messageType);
    const reason = channel.peekEnd?.(EXIT_GRACE) ?? { type: 'close' };
    const cause = told === undefined ? this.fatal : thrownOf(decodeError(told));
    return this.makerOf(reason, cause)(messageType);
  }

  private makerOf(reason: ShutdownReason, cause: unknown): (messageType?: string) => WorkerCrashedError {
    const { pid, lastWords: stderr } = this.channel;
    const phase = this.condition.wasReady ? 'running' : 'startup';
    return (messageType) => new WorkerCrashedError(this.name, { pid, reason, phase, messageType, stderr, cause });
  }

  /** It has not become ready in time. */
  unready(): WorkerError {
    return startTimeout(this.name, this.startupTimeout);
  }
}

/** What can no longer be done: waiting for an outcome, or for room. */
export function finish(type: string | undefined): string {
  return type === undefined ? 'drain' : `finish "${type}"`;
}

/** What was thrown need be no error. */
function thrownOf(error: Error): unknown {
  return error instanceof WorkerError && error.code === 'ERR_THROWN_VALUE' ? error.cause : error;
}
