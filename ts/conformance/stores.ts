import { AsyncLocalStorage } from 'node:async_hooks';

import type { ContextCarrier } from '../index.js';

/** On whose behalf code runs. */
export type Store = AsyncLocalStorage<string>;

/** What a worker's handlers run in. Hosts have their own: host and worker may be one program. */
export const workerStore: Store = new AsyncLocalStorage();

/** Who takes this along finds no way out, or in, or forgets to go in. */
export const UNFIT = 'unfit';
export const REFUSED = 'refused';
export const FORGOTTEN = 'forgotten';

/** Takes the user along that a storage has. */
export function carrierOf(storage: Store): ContextCarrier {
  return {
    inject() {
      const user = storage.getStore();
      if (user === UNFIT) throw new TypeError('no way out');
      return user === undefined ? undefined : { user };
    },
    extract({ user = 'nobody' }, run) {
      if (user === REFUSED) throw new RangeError('no way in');
      return user === FORGOTTEN ? (undefined as never) : storage.run(user, run);
    },
  };
}
