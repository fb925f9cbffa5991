import type { NativeConnection } from '../../addon/binding.js';
import { getNative } from '../../addon/environment.js';
import { NativeServer } from '../../byte-connection/server-connection.js';
import type { ServeSetup } from '../../connection/serve-setup.js';
import type { KeptResults } from '../../detached/kept-results.js';

/** How long a host that loses its place may take to read its remaining output, in milliseconds. */
const FAREWELL_TIMEOUT = 100;

/** The connection of one host to this process, from its arrival to its end. */
export class HostSession {
  readonly connection: NativeConnection;
  private readonly pid: number | undefined;
  /** The host is connected, or was and may still be. */
  isPresent = true;
  server: NativeServer | undefined;
  setup: ServeSetup | undefined;

  constructor(descriptor: number) {
    const { addon, environment } = getNative();
    this.pid = addon.NativePair.peer(descriptor) ?? undefined;
    this.connection = addon.NativeConnection.worker(environment, descriptor);
  }

  /** Serves the host; resolves when its handshake was read and fits. */
  serve(setup: ServeSetup, kept: KeptResults | undefined, onKept: () => void, onEnd: () => void): Promise<void> {
    this.setup = setup;
    const server = (this.server = new NativeServer(this.connection, setup, kept, onKept, this.pid));
    return server.serve(onEnd);
  }

  /** Ends the connection while the worker lives on; the host learns that it does. */
  dismiss(): void {
    this.server?.sendTakenOver();
    this.connection.flushBlocking(FAREWELL_TIMEOUT);
    this.server?.leave();
    this.connection.close();
  }
}
