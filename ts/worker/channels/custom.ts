import type { DriverServerChannel } from '../../types/driver.js';
import type { RemoteErrorPayload } from '../../types/message.js';
import type { WorkerChannel } from '../worker-channel.js';
import type { ServeSetup } from '../../connection/serve-setup.js';
import { DriverWire } from '../../value-connection/wires/driver-wire.js';
import { type Handshake, readStartupData } from '../../value-connection/handshake.js';
import { ValueServer } from '../../value-connection/server-connection.js';
import { exit } from '../../util/primordials.js';
import { SERVER_CONNECT_TIMEOUT } from '../../protocol/generated.js';

/** The worker's end of a channel of a custom driver. */
export class DriverWorkerChannel implements WorkerChannel {
  readonly connectTimeout = SERVER_CONNECT_TIMEOUT;
  readonly isAlone = true;
  private readonly wire: DriverWire;
  private server: ValueServer | undefined;
  private data: { readonly value: unknown } | undefined;

  constructor(
    readonly driver: string,
    private readonly end: DriverServerChannel,
    movesMemory: boolean,
    /** A host that has left may come again, over this end. */
    private readonly canReconnect: boolean,
  ) {
    this.wire = new DriverWire(end, driver, movesMemory);
  }

  /** Available after the host has connected; a driver has no way to wait for them before that. */
  startupData(): unknown {
    const handshake: Handshake | undefined = this.server?.handshake;
    if (handshake === undefined) return undefined;
    this.data ??= { value: readStartupData(handshake) };
    return this.data.value;
  }

  get isConnected(): boolean {
    return this.end.isConnected !== false;
  }

  serve(setup: ServeSetup): Promise<void> {
    return this.start(setup);
  }

  private start(setup: ServeSetup, handshake?: Handshake): Promise<void> {
    const onReconnect = this.canReconnect ? (next: Handshake) => this.reconnect(setup, next) : undefined;
    this.server = new ValueServer(this.wire, setup, handshake, true, onReconnect);
    return this.server.connect();
  }

  /** The host connects again. Requests of the earlier connection have lost their requester. */
  private reconnect(setup: ServeSetup, handshake: Handshake): void {
    // Only the first handshake has them.
    this.startupData();
    this.server?.leave();
    setup.onDisconnected();
    this.start(setup, handshake).catch((error: unknown) =>
      setup.log('error', 'cannot connect to the host again', error),
    );
  }

  reportFatal(error: RemoteErrorPayload): void {
    this.server?.reportFatal(error);
  }

  flush(): void {}

  setRef(referenced: boolean): void {
    this.wire.setRef(referenced);
  }

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
    exit();
  }
}
