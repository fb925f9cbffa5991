import type { Driver, InProcessCapabilities } from '../types/driver.js';
import type { InProcessChannel } from './in-process-channel.js';

/**
 * Each worker is a module in the host's own thread: it shares the event loop, and what it imports, but no message, since
 * those travel by structured clone. For debugging, for tests, and where processes and threads are not allowed. What brings the worker
 * down brings the host down.
 */
export class InProcessDriver implements Driver<InProcessCapabilities, Record<string, never>> {
  readonly name = 'in_process';
  readonly capabilities: InProcessCapabilities = { reconnect: false, detach: false, sharedMemory: true, sync: false };

  async spawn(script: string, options: Record<string, never>): Promise<InProcessChannel> {
    const { InProcessChannel } = await import('../host.js');
    return InProcessChannel.create(script, options);
  }
}
