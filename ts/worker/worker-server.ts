import type { ConnectedHost } from './connected-host.js';
import type { Dispatcher } from '../handling/dispatcher.js';
import type { HostClient } from './host-client.js';
import type { Log } from '../logging/logger.js';
import type { Hosts } from './hosts.js';
import { encodeError } from '../errors/encode-remote-error.js';
import { settlesBy } from '../util/with-timeout.js';
import type { WorkerChannel } from './worker-channel.js';
import { ignoreBrokenOutput, outputDrained } from './output-drain.js';
import { nextTick, now, queueMicrotask } from '../util/primordials.js';

/** The exit code of a program that an error has ended. */
const FAILED = 1;
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
  /** Of the current connections: requests of earlier ones have lost their requester. */
  readonly dispatchers = new Set<Pick<Dispatcher<unknown>, 'drained' | 'settled'>>();
  private closing: Promise<void> | undefined;
  private leaving: Promise<void> | undefined;
  /** The error that code in this worker is catching now. */
  private caught: { readonly error: unknown } | undefined;

  constructor(
    private readonly channel: WorkerChannel,
    readonly host: HostClient,
    private readonly present: Hosts,
    private readonly options: { readonly onClose: (() => unknown) | undefined; readonly printUncaught: boolean },
    private readonly log: Log,
  ) {
    // Also if a handler exits the worker: earlier answers must arrive.
    if (channel.isAlone) {
      process.once('exit', this.onExit);
      process.on('uncaughtExceptionMonitor', this.onFatal);
      if (!options.printUncaught) process.on('uncaughtException', this.onUncaught);
    }
  }

  get hosts(): readonly ConnectedHost[] {
    return [...this.present.connected];
  }

  on(event: string, listener: (...details: unknown[]) => void): this {
    this.present.events.on(event, listener);
    return this;
  }

  once(event: string, listener: (...details: unknown[]) => void): this {
    this.present.events.once(event, listener);
    return this;
  }

  off(event: string, listener: (...details: unknown[]) => void): this {
    this.present.events.off(event, listener);
    return this;
  }

  get isConnected(): boolean {
    return this.hasHost && this.channel.isConnected !== false;
  }

  set isConnected(hasHost: boolean) {
    this.hasHost = hasHost;
  }

  /** Whether code of this worker catches what nobody else does. */
  private get isCatching(): boolean {
    const own = process.listeners('uncaughtException').includes(this.onUncaught) ? 1 : 0;
    return process.listenerCount('uncaughtException') > own || process.hasUncaughtExceptionCaptureCallback?.();
  }

  /** In place of the text that a runtime prints. The host has the error by now. */
  private readonly onUncaught = () => {
    if (this.isCatching) return;
    process.exitCode = FAILED;
    this.channel.exit();
  };

  private readonly onFatal = (error: unknown) => {
    if (!this.isCatching) {
      // This error ends the worker, not the one before it.
      this.caught = undefined;
      return this.channel.reportFatal(encodeError(error));
    }
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

  /** Handles what the host has sent by now, before it returns. For code that must not wait for the event loop. */
  receiveNow(): void {
    this.channel.receiveNow?.();
  }

  /**
   * Writes what was sent, before the tick ends; blocks for at most this many milliseconds where the host does not read. Returns
   * whether some is left.
   */
  sendNow(millis: number): boolean {
    return this.channel.sendNow?.(millis) ?? false;
  }

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
    await Promise.all([...this.dispatchers].map((dispatcher) => dispatcher.drained()));
    try {
      await this.options.onClose?.();
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

  /** Resolves when no notification is being handled, nor a request whose outcome somebody waits for. */
  async settled(): Promise<void> {
    await Promise.all([...this.dispatchers].map((dispatcher) => dispatcher.settled()));
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
    await settlesBy(deadline, this.closing ?? this.settled()).catch(() => {});
    if (this.channel.isAlone) await settlesBy(deadline, outputDrained(FAREWELL));
    this.end();
    this.channel.exit();
  }

  private end(): void {
    this.isConnected = false;
    process.off('exit', this.onExit);
    process.off('uncaughtExceptionMonitor', this.onFatal);
    process.off('uncaughtException', this.onUncaught);
  }
}
