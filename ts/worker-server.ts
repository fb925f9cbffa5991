import type { Dispatcher } from './dispatcher.js';
import type { HostClient } from './host-client.js';
import type { Log } from './logger.js';
import { encodeError } from './remote-error.js';
import { within } from './within.js';
import type { WorkerChannel } from './worker-channel.js';

/** How long a driver may take to write what is left, in milliseconds. */
const CLOSE_TIMEOUT = 1000;

/** The worker server, from the call of `startWorkerServer` to its end. */
export class WorkerServer {
  private hasHost = false;
  /** Of the connection that is there now: what ran for one before has lost its asker. */
  dispatcher: Pick<Dispatcher<unknown>, 'drained'> | undefined;
  private closing: Promise<void> | undefined;
  /** The error that somebody in this worker is just catching. */
  private caught: { readonly error: unknown } | undefined;

  constructor(
    private readonly channel: WorkerChannel,
    readonly host: HostClient,
    private readonly onClose: (() => unknown) | undefined,
    private readonly log: Log,
  ) {
    // Also when a handler exits the worker: what was answered before must arrive.
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
    if (!isCaught) return this.channel.tellFatal(encodeError(error));
    // It ends nothing, unless who catches it exits because of it, at once.
    const caught = (this.caught = { error });
    setImmediate(() => {
      if (this.caught === caught) this.caught = undefined;
    });
  };

  private readonly onExit = (code: number) => {
    if (this.caught !== undefined && code !== 0) this.channel.tellFatal(encodeError(this.caught.error));
    this.channel.flush();
  };

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
    this.end();
    await within(Date.now() + CLOSE_TIMEOUT, Promise.resolve(this.channel.close()));
    // A timer or a socket of the worker's must not keep it: its host is done with it.
    this.channel.exit();
  }

  /** The host is gone, however that came: nobody needs this worker any more. */
  onHostGone(): void {
    this.end();
    this.channel.exit();
  }

  private end(): void {
    this.isConnected = false;
    process.off('exit', this.onExit);
    process.off('uncaughtExceptionMonitor', this.onFatal);
  }
}
