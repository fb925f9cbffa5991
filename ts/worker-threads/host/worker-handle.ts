import { AsyncResource } from 'node:async_hooks';

import { setImmediate } from '../../util/primordials.js';

/** What a worker is for `async_hooks`, by which tools list what keeps a program alive. */
export class WorkerHandle extends AsyncResource {
  isReferenced: boolean | undefined = true;

  constructor() {
    super('WORKER', { requireManualDestroy: true });
  }

  hasRef(): boolean | undefined {
    return this.isReferenced;
  }

  /** The worker has ended. */
  leave(): void {
    setImmediate(() => {
      this.isReferenced = undefined;
      this.emitDestroy();
    });
  }
}
