import type { Dispatcher } from './dispatcher.js';
import type { NativeConnection } from './native/binding.js';
import type { WorkerServer } from './types/worker-server.js';

/** How long a process that exits may take to write its last answers, in milliseconds. */
const FLUSH_TIMEOUT = 1000;

/** The worker server of a process. */
export class ProcessServer implements WorkerServer {
  isConnected = false;
  private closing: Promise<void> | undefined;

  constructor(
    private readonly connection: NativeConnection,
    private readonly dispatcher: Dispatcher,
  ) {
    // Also when a handler exits the process: what was answered before must arrive.
    process.once('exit', () => connection.flushBlocking(FLUSH_TIMEOUT));
  }

  close(): Promise<void> {
    return (this.closing ??= this.shutDown());
  }

  private async shutDown(): Promise<void> {
    await this.dispatcher.drained();
    this.connection.flushBlocking(FLUSH_TIMEOUT);
    this.isConnected = false;
    this.connection.close();
    // A timer or a socket of the worker's must not keep it: its host is done with it.
    process.exit();
  }

  /** The host is gone, however that came: nobody needs this worker any more. */
  onHostGone(): void {
    this.isConnected = false;
    process.exit();
  }
}
