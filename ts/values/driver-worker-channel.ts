import type { DriverServerChannel } from '../types/driver.js';
import type { RemoteErrorPayload } from '../types/message.js';
import type { ServeSetup, WorkerChannel } from '../worker-channel.js';
import { DriverWire } from './driver-wire.js';
import type { Hello } from './hello.js';
import { ValueServer } from './server-connection.js';

const DEFAULT_CONNECT_TIMEOUT = 30_000;
/** The worker's end of a channel that a user's driver has made. */
export class DriverWorkerChannel implements WorkerChannel {
  readonly connectTimeout = DEFAULT_CONNECT_TIMEOUT;
  readonly isAlone = true;
  private readonly wire: DriverWire;
  private server: ValueServer | undefined;
  private data: { readonly value: unknown } | undefined;

  constructor(
    readonly driver: string,
    private readonly end: DriverServerChannel,
    movesMemory: boolean,
  ) {
    this.wire = new DriverWire(end, driver, movesMemory);
  }

  /** Once the host is connected; before that a driver gives no way to wait for them. */
  startupData(): unknown {
    const hello: Hello | undefined = this.server?.hello;
    if (hello === undefined) return undefined;
    this.data ??= { value: hello.startupData === undefined ? undefined : (JSON.parse(hello.startupData) as unknown) };
    return this.data.value;
  }

  serve(setup: ServeSetup): Promise<void> {
    this.server = new ValueServer(this.wire, setup);
    return this.server.connect();
  }

  tellFatal(error: RemoteErrorPayload): void {
    this.server?.tellFatal(error);
  }

  flush(): void {}

  async close(): Promise<void> {
    await this.wire.sent();
    this.wire.close();
    try {
      await this.end.close();
    } catch {
      // The worker ends anyway.
    }
  }

  exit(): void {
    process.exit();
  }
}
