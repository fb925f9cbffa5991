import type { ConnectionSetup, HostConnection } from './connection.js';
import type { Ending, HostChannel } from './drivers/host-channel.js';
import { fromNative, type WorkerCrashedError } from './errors.js';
import { connectTimeout, notConnected, workerClosed } from './host-errors.js';
import { Attachment } from './incarnation/attachment.js';
import { Condition, EXIT_GRACE } from './incarnation/condition.js';
import { Failures } from './incarnation/failures.js';
import { Reconnection } from './incarnation/reconnection.js';
import { Shutdown } from './incarnation/shutdown.js';
import { KEPT_RESULT, type KeptOutcome, TAKEN_OVER } from './kept-results.js';
import type { Log } from './logger.js';
import { Control } from './native/records.js';
import { Undecodable } from './payload-codec.js';
import { decodeError } from './rebuilt-error.js';
import type { Requests } from './requests.js';
import type { KeptResult } from './types/worker-events.js';
import { within } from './within.js';

export interface IncarnationInit {
  /** The worker's name. */
  readonly name: string;
  readonly driver: string;
  readonly channel: HostChannel;
  readonly requests: Requests<HostConnection>;
  readonly setup: Omit<ConnectionSetup, 'outcomes' | 'onControl' | 'onTrouble'>;
  readonly log: Log;
  /** The connection to a detached worker was lost, not the worker. */
  onDisconnected(): void;
  onKept(kept: KeptResult): void;
}

/** One process or thread that is the worker, from its spawn to its end. */
export class Incarnation {
  readonly channel: HostChannel;
  readonly requests: Requests<HostConnection>;
  readonly condition = new Condition();
  readonly failures: Failures;
  readonly attachment: Attachment;
  readonly reconnection: Reconnection;
  readonly shutdown: Shutdown;
  /** Resolves when it is gone, and its requests are settled. */
  readonly gone: Promise<Ending>;
  /** How it ended, if nobody had asked for that. */
  crash: WorkerCrashedError | undefined;

  constructor(private readonly init: IncarnationInit) {
    const { name, channel, requests, setup, log } = init;
    this.channel = channel;
    this.requests = requests;
    this.failures = new Failures(name, setup.options.startupTimeout, channel, this.condition);
    this.shutdown = new Shutdown(this, init);
    const own: ConnectionSetup = {
      ...setup,
      outcomes: requests,
      onControl: this.onControl,
      onTrouble: (text) => log('warn', text),
    };
    this.reconnection = new Reconnection(this, init, own);
    this.attachment = new Attachment(this, init, own);
    this.attachment.connect();
    this.gone = channel.exited.then((ending) => this.onExit(ending));
    log('debug', `started as ${channel.title}`);
  }

  /** Resolves when it serves; rejects when it ends before. */
  get ready(): Promise<void> {
    return this.attachment.ready;
  }

  /** Whether requests are taken. */
  get isActive(): boolean {
    return this.condition.isActive;
  }

  /** The error for what is asked of a worker that is not active; known when the reason is. */
  async refusal(operation: string, type: string): Promise<Error> {
    const { attachment, condition, gone } = this;
    // Between the end of the connection and that of the process, the reason is still to come.
    if (condition.connectionEnded && !condition.isClosing) await (attachment.losing ?? gone);
    return this.refusalNow(operation, type);
  }

  refusalNow(operation: string, type: string): Error {
    const { name } = this.init;
    const { isDisconnected, isClosing, hasEnded, failure } = this.condition;
    if (isDisconnected && !isClosing && !hasEnded) return notConnected(`${operation} "${type}"`, name);
    return failure?.(type) ?? workerClosed(`${operation} "${type}"`, name);
  }

  private readonly onControl = (what: number, number: number, payload: unknown, detail: string): void => {
    const { log } = this.init;
    switch (what) {
      case Control.Ready:
        return this.attachment.onReady();
      case Control.Mismatch:
        return this.giveUp(fromNative(detail));
      case Control.HandshakeTimedOut:
        return this.onTimeout();
      case Control.UnknownNotification:
        if (detail === KEPT_RESULT) return this.onKept(payload);
        if (detail === TAKEN_OVER) return void (this.condition.isTakenOver = true);
        return log('warn', `a notification "${detail}" from the worker was dropped: a host has no handlers`);
      case Control.Dropped:
        return log('warn', `a message from the worker was dropped: ${detail}`);
      case Control.Fatal:
        return this.failures.onFatal(payload);
      case Control.End:
        return this.onEnd(number !== 0);
    }
  };

  /** The worker's handshake has not come in time. */
  private onTimeout(): void {
    if (!this.condition.wasReady) return this.giveUp(this.failures.unready());
    // One that has served before is only busy.
    const { name, setup, log } = this.init;
    const closing = this.attachment.detach(() => connectTimeout(name, setup.options.startupTimeout));
    void closing?.catch((error: Error) => log('warn', error.message));
  }

  /**
   * The worker is of no use: everything fails with `error`, and the process is ended. A detached worker that has served a
   * host before lives on: it is of use to others.
   */
  private giveUp(error: Error): void {
    const { attachment, channel, condition, requests } = this;
    const livesOn = channel.isDetached === true && (condition.wasReady || channel.release !== undefined);
    if (livesOn) condition.isDisconnected = true;
    else condition.failure = () => error;
    attachment.fail(error);
    requests.failAll(() => error);
    if (!livesOn) return channel.kill('SIGKILL');
    attachment.leaveAlone();
    channel.release?.();
  }

  /** The connection has ended. The process is ending too, or must not stay without one. */
  private onEnd(midFrame: boolean): void {
    const { attachment, channel, condition } = this;
    if (channel.isDetached === true) return attachment.onLost();
    condition.isConnected = false;
    condition.connectionEnded = true;
    if (midFrame) this.init.log('warn', 'the connection ended in the middle of a message');
    channel.setRef(true);
    void within(Date.now() + EXIT_GRACE, this.gone).then((gone) => {
      if (!gone) channel.kill('SIGKILL');
    });
  }

  /** What an earlier host's request has come to. */
  private onKept(payload: unknown): void {
    const { setup, onKept } = this.init;
    const outcome = setup.codec.decode(payload);
    if (outcome instanceof Undecodable) return;
    const { type, tx, result, error } = outcome as KeptOutcome;
    onKept(error === undefined ? { type, tx, result } : { type, tx, error: decodeError(error) });
  }

  private onExit(ending: Ending): Ending {
    const { condition, requests } = this;
    const { name, log } = this.init;
    // What it sent before its end comes before the news of it.
    if (!condition.isDisconnected) requests.connection.drain();
    condition.hasEnded = true;
    condition.isConnected = false;
    if (!condition.isClosing) {
      const crashed = this.failures.crashed(ending);
      this.crash = crashed();
      condition.failure ??= crashed;
    }
    const closed = (messageType?: string) =>
      workerClosed(messageType === undefined ? 'start' : `finish "${messageType}"`, name);
    const failure = condition.failure ?? closed;
    this.attachment.fail(failure());
    requests.failAll(failure);
    requests.connection.close();
    log('debug', 'gone', ending.reason);
    return ending;
  }
}
