import type { DriverServerChannel } from '../types/driver.js';
import type { ServeSetup, WorkerChannel } from '../worker-channel.js';
import { DriverWire } from './driver-wire.js';
import type { Hello } from './hello.js';
import { ValueServer } from './server-connection.js';

const DEFAULT_CONNECT_TIMEOUT = 30_000;
/** How long a driver may take to send what it has left when a worker ends, in milliseconds. */
const CLOSE_GRACE = 1000;

/** The worker's end of a channel that a user's driver has made. */
export class DriverWorkerChannel implements WorkerChannel {
  readonly connectTimeout = DEFAULT_CONNECT_TIMEOUT;
  private server: ValueServer | undefined;
  private closed: Promise<void> | undefined;
  private data: { readonly value: unknown } | undefined;

  constructor(
    readonly driver: string,
    private readonly end: DriverServerChannel,
  ) {}

  /** Once the host is connected; before that a driver gives no way to wait for them. */
  startupData(): unknown {
    const hello: Hello | undefined = this.server?.hello;
    if (hello === undefined) return undefined;
    this.data ??= { value: hello.startupData === undefined ? undefined : (JSON.parse(hello.startupData) as unknown) };
    return this.data.value;
  }

  serve(setup: ServeSetup): Promise<void> {
    this.server = new ValueServer(new DriverWire(this.end, this.driver), setup);
    return this.server.connect();
  }

  flush(): void {}

  close(): void {
    this.closed ??= (async () => this.end.close())().catch(() => {});
  }

  exit(): void {
    if (this.closed === undefined) process.exit();
    // The last answers may still be on their way through the driver.
    void this.closed.then(() => process.exit());
    setTimeout(() => process.exit(), CLOSE_GRACE);
  }
}
