import type * as HostSender from './host-sender.js';
import { HostLink } from '../connection/host-link.js';
import type { HostSettings } from './host-settings.js';

const SERVE: unique symbol = Symbol.for('isolated-workers.serve') as never;

/** What a worker asks its host with: `server.host`, `getHost()`, and `host` in a handler's context. */
export class HostClient {
  readonly #link = new HostLink();
  #settings: HostSettings | undefined;
  #calls: HostSender.HostCalls | undefined;

  /** The server starts; returns the link that it updates. */
  static serve(client: HostClient, settings: HostSettings): HostLink {
    return client[SERVE](settings);
  }

  /** The client may belong to another copy of the package, and so to another class. */
  [SERVE](settings: HostSettings): HostLink {
    this.#settings = settings;
    return this.#link;
  }

  send(...args: Parameters<HostSender.HostCalls['send']>): Promise<unknown> {
    return this.#load().send(...args);
  }

  post(...args: Parameters<HostSender.HostCalls['post']>): void {
    this.#load().post(...args);
  }

  stream(...args: Parameters<HostSender.HostCalls['stream']>): ReturnType<HostSender.HostCalls['stream']> {
    return this.#load().stream(...args);
  }

  #load(): HostSender.HostCalls {
    return (this.#calls ??= new (require('./streams.cjs') as typeof HostSender).HostCalls(
      this.#link,
      () => this.#settings,
    ));
  }
}
