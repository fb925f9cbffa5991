import type { Dispatcher } from '../handling/dispatcher.js';
import type { HostClient } from './host-client.js';
import type { Log } from '../logging/logger.js';
import { encodeError } from '../errors/encode-remote-error.js';
import { settlesBy } from '../util/with-timeout.js';
import type { WorkerChannel } from './worker-channel.js';
import { ignoreBrokenOutput, outputDrained } from './output-drain.js';
import { nextTick, now, queueMicrotask } from '../util/primordials.js';

/** How long a driver may take to write the rest, in milliseconds. */
const CLOSE_TIMEOUT = 1000;
/** How long the worker waits, before it ends, for a reader of its output that accepts nothing, in milliseconds. */
const OUTPUT_PATIENCE = 2000;
/**
 * How long a worker that has lost its host handles its remaining messages, in milliseconds: after 600 a thread kills
 * it.
 */
const FAREWELL = 400;

/** The worker server, from the call of `startWorkerServer` to its end. */
export class WorkerServer {
  private hasHost = false;
  /** Of the current connection: requests of an earlier one have lost their requester. */
  dispatcher: Pick<Dispatcher<unknown>, 'drained' | 'settled'> | undefined;
  private closing: Promise<void> | undefined;
  private leaving: Promise<void> | undefined;
  /** The error that code in this worker is catching now. */
  private caught: { readonly error: unknown } | undefined;

  constructor(
    private readonly channel: WorkerChannel,
    readonly host: HostClient,
    private readonly onClose: (() => unknown) | undefined,
    private readonly log: Log,
  ) {
    // Also if a handler exits the worker: earlier answers must arrive.
    if (channel.isAlone) {
      process.once('exit', this.onExit);
      process.on('uncaughtExceptionMonitor', this.onFatal);
    }
  }

  get isConnected(): boolean {
    return this.hasHost && this.channel.isConnected !== false;
  }

  set isConnected(hasHost: boolean) {
    this.hasHost = hasHost;
  }

  private readonly onFatal = (error: unknown) => {
    const isCaught = process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback?.();
    if (!isCaught) return this.channel.reportFatal(encodeError(error));
    // It ends nothing, unless the code that catches it exits because of it before this worker does anything else.
    const caught = (this.caught = { error });
    const forget = () => {
      if (this.caught === caught) this.caught = undefined;
    };
    // After the promises of that code. An immediate would be too late: one turn of the loop may handle further messages.
    nextTick(() => queueMicrotask(() => nextTick(forget)));
  };

  private readonly onExit = (code: number) => {
    if (this.caught !== undefined && code !== 0) this.channel.reportFatal(encodeError(this.caught.error));
    this.channel.flush();
  };

  ref(): this {
    this.channel.setRef(true);
    return this;
  }

  unref(): this {
    this.channel.setRef(false);
    return this;
  }

  close(): Promise<void> {
    return (this.closing ??= this.shutDown());
  }

  private async shutDown(): Promise<void> {
    await this.dispatcher?.drained();
    try {
      await this.onClose?.();
    } catch (error) {
      this.log('error', 'onClose failed', error);
    }
    this.channel.flush();
    // With the connection, the host's patience ends.
    if (this.channel.isAlone) await outputDrained(OUTPUT_PATIENCE);
    this.end();
    await settlesBy(now() + CLOSE_TIMEOUT, Promise.resolve(this.channel.close()));
    // A timer or a socket of the worker must not keep it alive: its host needs it no longer.
    this.channel.exit();
  }

  /** The host has ended, for any reason: this worker has no purpose. */
  onHostGone(): void {
    this.leaving ??= this.leave();
  }

  /** Handles the host's messages before its end, for a bounded time. */
  private async leave(): Promise<void> {
    this.isConnected = false;
    const deadline = now() + FAREWELL;
    if (this.channel.isAlone) ignoreBrokenOutput();
    await settlesBy(deadline, Promise.resolve(this.closing ?? this.dispatcher?.settled())).catch(() => {});
    if (this.channel.isAlone) await settlesBy(deadline, outputDrained(FAREWELL));
    this.end();
    this.channel.exit();
  }

  private end(): void {
    this.isConnected = false;
    process.off('exit', this.onExit);
    process.off('uncaughtExceptionMonitor', this.onFatal);
  }
}
