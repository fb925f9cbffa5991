import type { CoreChannel, Driver, InProcessCapabilities } from '../../types/driver.js';
import type { InProcessOptions } from '../../types/in-process-options.js';

/**
 * Each worker is a module in the host's own thread: it shares the event loop and its imports, but no message, because
 * messages travel by structured clone. For debugging, for tests, and where processes and threads are not allowed. A
 * failure that ends the worker ends the host.
 */
export class InProcessDriver implements Driver<InProcessCapabilities, InProcessOptions> {
  readonly name = 'in_process';
  readonly capabilities: InProcessCapabilities = { reconnect: false, detach: false, sharedMemory: true, sync: false };

  async spawn(script: string, options: InProcessOptions): Promise<CoreChannel & { readonly pid: undefined }> {
    const { InProcessChannel } = await import('./channel.js');
    return InProcessChannel.create(script, options);
  }
}
