import type { ChildProcessCapabilities, Driver } from '../types/driver.js';
import type { ProcessOptions } from '../types/process-options.js';
import type { ProcessChannel } from './process-channel.js';

/** The default driver: each worker is a process of its own, connected by a private pair that nobody else can reach. */
export class ChildProcessDriver implements Driver<ChildProcessCapabilities, ProcessOptions> {
  readonly name = 'child_process';
  readonly capabilities: ChildProcessCapabilities = { reconnect: true, detach: true, sharedMemory: false, sync: true };

  async spawn(script: string, options: ProcessOptions): Promise<ProcessChannel> {
    const { startProcess } = await import('../host.js');
    return startProcess(script, options);
  }
}
