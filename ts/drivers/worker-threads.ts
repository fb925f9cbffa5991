import { notAvailable } from '../errors.js';
import type { Driver, DriverChannel, WorkerThreadsCapabilities } from '../types/driver.js';

/** Each worker is a thread of this process. Not available yet: starting a worker rejects with `ERR_NOT_AVAILABLE`. */
export class WorkerThreadsDriver implements Driver<WorkerThreadsCapabilities, object> {
  readonly name = 'worker_threads';
  readonly capabilities: WorkerThreadsCapabilities = { reconnect: false, detach: false, sharedMemory: true };

  async spawn(_script: string, _options: object): Promise<DriverChannel & { readonly pid?: undefined }> {
    throw notAvailable('the worker threads driver', 'Leave `driver` out: the worker is then a child process.');
  }
}
