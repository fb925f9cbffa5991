import { WorkerError } from '../errors.js';
import type { Driver, DriverChannel, WorkerThreadsCapabilities } from '../types/driver.js';

/** Each worker is a thread of this process. */
export class WorkerThreadsDriver implements Driver<WorkerThreadsCapabilities, object> {
  readonly name = 'worker_threads';
  readonly capabilities: WorkerThreadsCapabilities = { reconnect: false, detach: false, sharedMemory: true };

  async spawn(_script: string, _options: object): Promise<DriverChannel & { readonly pid?: undefined }> {
    throw new WorkerError('ERR_INVALID_OPTION', 'the worker threads driver is not there yet');
  }
}
