import type { Dispatcher } from './dispatcher.js';
import type { WorkerServer as Server } from './types/worker-server.js';
import { within } from './within.js';
import type { WorkerChannel } from './worker-channel.js';

/** How long a driver may take to write what is left, in milliseconds. */
const CLOSE_TIMEOUT = 1000;

type Drained = Pick<Dispatcher<unknown>, 'drained'>;

/** The worker server, from the call of `startWorkerServer` to its end. */
export class WorkerServer implements Server {
  isConnected = false;
  /** One for each connection; of those that have ended, handlers may still run. */
  private readonly dispatchers: Drained[] = [];
  private closing: Promise<void> | undefined;

  constructor(private readonly channel: WorkerChannel) {
    // Also when a handler exits the worker: what was answered before must arrive.
    process.once('exit', this.onExit);
  }

  add(dispatcher: Drained): void {
    // Who is done with need not be remembered, however often the host connects.
    const before = [...this.dispatchers];
    for (const each of before) void each.drained().then(() => remove(this.dispatchers, each));
    this.dispatchers.push(dispatcher);
  }

  private readonly onExit = () => this.channel.flush();

  close(): Promise<void> {
    return (this.closing ??= this.shutDown());
  }

  private async shutDown(): Promise<void> {
    await Promise.all(this.dispatchers.map((dispatcher) => dispatcher.drained()));
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

function remove<T>(list: T[], item: T): void {
  const index = list.indexOf(item);
  if (index >= 0) list.splice(index, 1);
}
