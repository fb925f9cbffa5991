import type { Ending, HostChannel } from '../../drivers/host-channel.js';
import { WorkerCrashedError, WorkerError } from '../../errors/worker-error.js';
import { placeError } from '../../errors/place-error.js';
import { startTimeout, workerClosed } from '../../errors/host-errors.js';
import { decodeError } from '../../errors/decode-remote-error.js';
import type { ShutdownReason } from '../../types/shutdown-reason.js';
import { EXIT_GRACE, type InstanceState } from './state.js';

/** The errors of a worker that has failed. */
export class Failures {
  /** The error that ends it, which the worker sent. */
  private fatal: unknown;

  constructor(
    private readonly init: { readonly name: string; readonly startupTimeout: number; readonly endsByItself: boolean },
    private readonly channel: HostChannel,
    private readonly state: InstanceState,
  ) {}

  /** Whether an end that the host has not asked for is no crash. */
  isOwnEnd(reason: ShutdownReason): boolean {
    const { hasServed, connection } = this.state;
    const isQuiet = reason.type === 'exit' && reason.code === 0 && this.fatal === undefined;
    return this.init.endsByItself && isQuiet && hasServed && connection !== 'failed';
  }

  /** The worker has sent the error that ends it. */
  onFatal(payload: unknown): void {
    if (payload !== undefined) this.fatal = thrownOf(decodeError(payload));
  }

  /** It has ended without a request of the host. */
  crashed({ reason, cause }: Ending): (messageType?: string) => WorkerCrashedError {
    return this.makerOf(reason, this.fatal ?? cause);
  }

  /** It has ended while this thread was blocked, and the event follows later. */
  lostWhileBlocked(messageType: string, reported: unknown): Error {
    const { channel, state } = this;
    if (state.failure !== undefined) return state.failure(messageType);
    const reason = channel.probeExit?.(EXIT_GRACE) ?? { type: 'close' };
    if (reported === undefined && this.isOwnEnd(reason)) return workerClosed(finish(messageType), this.init.name);
    const cause = reported === undefined ? this.fatal : thrownOf(decodeError(reported));
    return this.makerOf(reason, cause)(messageType);
  }

  private makerOf(reason: ShutdownReason, cause: unknown): (messageType?: string) => WorkerCrashedError {
    const { pid, stderrTail: stderr } = this.channel;
    const { name } = this.init;
    const phase = this.state.hasServed ? 'running' : 'startup';
    return (messageType) => {
      const error = new WorkerCrashedError(name, { pid, reason, phase, messageType, stderr, cause });
      return placeError(error, { worker: name, pid, messageType }) as WorkerCrashedError;
    };
  }

  /**
   * It did not become ready in time.
   *
   * @param busyFor - How many milliseconds its JavaScript has run without a pause, if known.
   */
  unready(busyFor: number | undefined): WorkerError {
    const { stderrTail: stderr, movesValues } = this.channel;
    // Of a worker in this process that waits, nobody knows whether it has loaded the library.
    const isKnown = !movesValues || busyFor !== 0;
    return startTimeout(this.init.name, this.init.startupTimeout, { busyFor: isKnown ? busyFor : undefined, stderr });
  }
}

/** The operation that can no longer succeed: waiting for an outcome, or for capacity. */
export function finish(type: string | undefined): string {
  return type === undefined ? 'drain' : `finish "${type}"`;
}

/** The worker may have thrown a non-Error. */
function thrownOf(error: Error): unknown {
  return error instanceof WorkerError && error.code === 'ERR_THROWN_VALUE' ? error.cause : error;
}
