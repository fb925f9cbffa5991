import type { Driver, WorkerThreadsCapabilities } from '../types/driver.js';
import type { ThreadOptions } from '../types/thread-options.js';
import type { ThreadChannel } from './thread-channel.js';

/** Each worker is a thread of this process. Messages travel by structured clone; memory can be shared and moved. */
export class WorkerThreadsDriver implements Driver<WorkerThreadsCapabilities, ThreadOptions> {
  readonly name = 'worker_threads';
  readonly capabilities: WorkerThreadsCapabilities = {
    reconnect: false,
    detach: false,
    sharedMemory: true,
    sync: true,
  };

  async spawn(script: string, options: ThreadOptions): Promise<ThreadChannel> {
    const { startThread } = await import('../host.js');
    return startThread(script, options);
  }
}
