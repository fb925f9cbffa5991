import type { Driver, DriverCapabilities, DriverChannel } from '../index.js';
import { IsolateHostEnd } from './host-end.js';
import { Jail } from './jail/jail.js';
import { settingsOf } from './options.js';
import { sourcesOf } from './sources.js';
import type { IsolateOptions } from './types.js';

export interface IsolateCapabilities extends DriverCapabilities {
  reconnect: false;
  detach: false;
  sharedMemory: true;
  sync?: false;
}

/** The host's end of an isolate, which is no process. */
export type IsolateChannel = DriverChannel & { readonly pid?: undefined };

/**
 * Each worker is an isolate: a QuickJS runtime in this process, with limits of memory and time, and without files, network and
 * modules of Node's. For code of users.
 *
 * @example
 * ```ts
 * const driver = new IsolateDriver();
 * const worker = await createWorker({ script: './rules/price.js', driver, driverOptions: { limits: { memoryMb: 8 } } });
 * ```
 */
export class IsolateDriver implements Driver<IsolateCapabilities, IsolateOptions> {
  readonly name = 'isolate';
  readonly capabilities: IsolateCapabilities = { reconnect: false, detach: false, sharedMemory: true };

  /** The process of the isolates of this driver. */
  readonly #jail = new Jail();

  async spawn(script: string, options: IsolateOptions): Promise<IsolateChannel> {
    const settings = settingsOf(options);
    return new IsolateHostEnd(sourcesOf(script, settings), settings, settings.jail ? this.#jail : undefined);
  }
}
