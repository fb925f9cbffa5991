import { AsyncLocalStorage } from 'node:async_hooks';

import type { ContextCarrier } from '../index.js';

/** The user on whose behalf code runs. */
export type Store = AsyncLocalStorage<string>;

/** The storage of a worker's handlers. Hosts have their own, because host and worker may be one program. */
export const workerStore: Store = new AsyncLocalStorage();

/** Users for whom the context fails: in `inject`, in `extract`, or by not calling `run`. */
export const UNFIT = 'unfit';
export const REFUSED = 'refused';
export const FORGOTTEN = 'forgotten';

/** Carries the user of a storage. */
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
