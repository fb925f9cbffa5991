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
    /** A host that has left may come again, over the same end. */
    private readonly canReconnect: boolean,
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

  get isConnected(): boolean {
    return this.end.isConnected !== false;
  }

  serve(setup: ServeSetup): Promise<void> {
    return this.start(setup);
  }

  private start(setup: ServeSetup, hello?: Hello): Promise<void> {
    const onHelloAgain = this.canReconnect ? (next: Hello) => this.reconnect(setup, next) : undefined;
    this.server = new ValueServer(this.wire, setup, hello, true, onHelloAgain);
    return this.server.connect();
  }

  /** The host connects again. What was asked over the connection before has lost its asker. */
  private reconnect(setup: ServeSetup, hello: Hello): void {
    // The first handshake alone has told them.
    this.startupData();
    this.server?.leave();
    setup.onDisconnected();
    this.start(setup, hello).catch((error: unknown) =>
      setup.log('error', 'the host cannot be connected to again', error),
    );
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
