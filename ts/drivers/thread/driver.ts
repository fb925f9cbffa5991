import type { CoreChannel, Driver, WorkerThreadsCapabilities } from '../../types/driver.js';
import type { ThreadOptions } from '../../types/thread-options.js';

/**
 * Each worker is a thread of this process. Messages travel by structured clone; host and worker can share and move
 * memory.
 */
export class WorkerThreadsDriver implements Driver<WorkerThreadsCapabilities, ThreadOptions> {
  readonly name = 'worker_threads';
  readonly capabilities: WorkerThreadsCapabilities = {
    reconnect: false,
    detach: false,
    sharedMemory: true,
    sync: true,
  };

  async spawn(script: string, options: ThreadOptions): Promise<CoreChannel & { readonly pid: undefined }> {
    const { startThread } = await import('./start.js');
    return startThread(script, options);
  }
}
