import type { Dispatcher } from './dispatcher.js';
import type { WorkerServer as Server } from './types/worker-server.js';
import type { WorkerChannel } from './worker-channel.js';

/** Those of this thread, where several modules may be workers. */
const open = new Set<WorkerServer>();

/** Also when a handler exits the worker: what was answered before must arrive. */
function flushAll(): void {
  for (const server of open) server.flush();
}

/** The worker server, from the call of `startWorkerServer` to its end. */
export class WorkerServer implements Server {
  isConnected = false;
  dispatcher: Pick<Dispatcher<unknown>, 'drained'> | undefined;
  private closing: Promise<void> | undefined;

  constructor(private readonly channel: WorkerChannel) {
    // One listener for all: Node warns of many.
    if (open.size === 0) process.on('exit', flushAll);
    open.add(this);
  }

  flush(): void {
    this.channel.flush();
  }

  close(): Promise<void> {
    return (this.closing ??= this.shutDown());
  }

  private async shutDown(): Promise<void> {
    await this.dispatcher?.drained();
    this.channel.flush();
    this.end();
    this.channel.close();
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
    open.delete(this);
    if (open.size === 0) process.off('exit', flushAll);
  }
}
