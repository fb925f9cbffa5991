import type { MessageChannel as Channel } from 'node:worker_threads';

import type { Driver, InProcessCapabilities } from '../types/driver.js';
import { InProcessChannel } from './in-process-channel.js';
import { refuseOptions } from './refuse-options.js';

const OF_PROCESSES = ['execPath', 'execArgv', 'argv', 'env', 'cwd', 'stdio'];
const OF_THREADS = ['workerData', 'resourceLimits', 'eval', 'stdout', 'stderr'];

/**
 * Each worker is a module in the host's own thread: it shares the event loop, and nothing else, since messages travel by
 * structured clone. For debugging, for tests, and where processes and threads are not allowed. What brings the worker
 * down brings the host down.
 */
export class InProcessDriver implements Driver<InProcessCapabilities, object> {
  readonly name = 'in_process';
  readonly capabilities: InProcessCapabilities = { reconnect: false, detach: false, sharedMemory: true };

  async spawn(script: string, options: object): Promise<InProcessChannel> {
    refuseOptions(this.name, options, OF_PROCESSES, 'child_process');
    refuseOptions(this.name, options, OF_THREADS, 'worker_threads');
    const { MessageChannel } = require('node:worker_threads') as { MessageChannel: new () => Channel };
    return new InProcessChannel(script, new MessageChannel());
  }
}
