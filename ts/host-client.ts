import type { HostCalls } from './host-calls.js';
import { HostLink } from './host-link.js';
import { streamsPart } from './parts.js';
import type { RequestsOptions } from './requests/options.js';
import type { ContextCarrier } from './types/context-carrier.js';

/** How a worker's server has it. */
export interface HostSettings extends Omit<RequestsOptions, 'peer' | 'codec' | 'kill' | 'txIdGenerator'> {
  readonly context: ContextCarrier | undefined;
}

/** What a worker asks its host with: `server.host`, `getHost()`, and `host` in a handler's context. */
export class HostClient {
  readonly #link = new HostLink();
  #settings: HostSettings | undefined;
  #calls: HostCalls | undefined;

  /** The server starts; gives what it tells of its host. */
  static serve(client: HostClient, settings: HostSettings): HostLink {
    client.#settings = settings;
    return client.#link;
  }

  send(...args: Parameters<HostCalls['send']>): Promise<unknown> {
    return this.#load().send(...args);
  }

  post(...args: Parameters<HostCalls['post']>): void {
    this.#load().post(...args);
  }

  stream(...args: Parameters<HostCalls['stream']>): ReturnType<HostCalls['stream']> {
    return this.#load().stream(...args);
  }

  #load(): HostCalls {
    return (this.#calls ??= new (streamsPart().HostCalls)(this.#link, () => this.#settings));
  }
}
