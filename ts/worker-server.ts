import type { Dispatcher } from './dispatcher.js';
import type { WorkerServer as Server } from './types/worker-server.js';
import { within } from './within.js';
import type { WorkerChannel } from './worker-channel.js';

/** How long a driver may take to write what is left, in milliseconds. */
const CLOSE_TIMEOUT = 1000;

/** The worker server, from the call of `startWorkerServer` to its end. */
export class WorkerServer implements Server {
  isConnected = false;
  dispatcher: Pick<Dispatcher<unknown>, 'drained'> | undefined;
  private closing: Promise<void> | undefined;

  constructor(private readonly channel: WorkerChannel) {
    // Also when a handler exits the worker: what was answered before must arrive.
    process.once('exit', this.onExit);
  }

  private readonly onExit = () => this.channel.flush();

  close(): Promise<void> {
    return (this.closing ??= this.shutDown());
  }

  private async shutDown(): Promise<void> {
    await this.dispatcher?.drained();
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
  }
}
