import type { ChildProcessCapabilities, CoreChannel, Driver } from '../../types/driver.js';
import type { ProcessOptions } from '../../types/process-options.js';

/** The default driver: each worker is a separate process, connected by a private socket pair. */
export class ChildProcessDriver implements Driver<ChildProcessCapabilities, ProcessOptions> {
  readonly name = 'child_process';
  readonly capabilities: ChildProcessCapabilities = { reconnect: true, detach: true, sharedMemory: false, sync: true };

  async spawn(script: string, options: ProcessOptions): Promise<CoreChannel & { readonly pid: number }> {
    const { startProcess } = await import('./start.js');
    return startProcess(script, options);
  }
}
