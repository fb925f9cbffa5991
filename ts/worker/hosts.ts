import { EventEmitter } from 'node:events';

import type { HostSource, HostWatch } from '../connection/host-link.js';
import { setImmediate } from '../util/primordials.js';
import { ConnectedHost } from './connected-host.js';
import type { HostClient } from './host-client.js';

/** The hosts of a worker that are connected, and the events of their coming and going. */
export class Hosts {
  readonly connected: ConnectedHost[] = [];
  private emitter: EventEmitter | undefined;

  get events(): EventEmitter {
    return (this.emitter ??= new EventEmitter());
  }

  /**
   * Watches the hosts of a link, one after the other.
   *
   * @param host - The only one, if there is one host for each link.
   */
  watch(client: HostClient, host?: ConnectedHost): HostWatch {
    let current: ConnectedHost | undefined;
    return {
      attached: (source: HostSource) => {
        current = host ?? new ConnectedHost(client);
        current.pid = source.pid;
        current.isConnected = true;
        this.connected.push(current);
        // Nobody listens yet when the first host comes: `hosts` has it.
        if ((this.emitter?.listenerCount('connect') ?? 0) > 0) this.emit('connect', current);
      },
      detached: () => {
        if (current === undefined) return;
        current.isConnected = false;
        this.connected.splice(this.connected.indexOf(current), 1);
        this.emit('disconnect', current);
        current = undefined;
      },
    };
  }

  /**
   * In a turn of its own: an error of a listener is the user's. And a host may leave in the read that brings its handshake, before
   * the code behind `await startWorkerServer()` can listen.
   */
  emit(event: string, detail: unknown): void {
    setImmediate(() => this.emitter?.emit(event, detail));
  }
}
