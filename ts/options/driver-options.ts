import type { ResourceLimits } from 'node:worker_threads';

import type { ProcessOptions, ProcessResourceLimits } from '../types/process-options.js';
import type { InProcessOptions } from '../types/in-process-options.js';
import type { ThreadOptions } from '../types/thread-options.js';
import type { KnownOf } from './known.js';

export const processLimits: KnownOf<ProcessResourceLimits> = {
  maxOldGenerationSizeMb: true,
  maxYoungGenerationSizeMb: true,
  maxRssMb: true,
  maxCpuSeconds: true,
  maxOpenFiles: true,
  nice: true,
};

export const threadLimits: KnownOf<ResourceLimits> = {
  maxOldGenerationSizeMb: true,
  maxYoungGenerationSizeMb: true,
  codeRangeSizeMb: true,
  stackSizeMb: true,
};

/** Their members are checked by the driver. */
export const processOptions: KnownOf<ProcessOptions> = {
  execPath: true,
  execArgv: true,
  argv: true,
  env: true,
  cwd: true,
  stdio: true,
  terminalSignals: true,
  resourceLimits: true,
  killTree: true,
  detached: true,
  socketPath: true,
  keepResults: true,
  maxHosts: true,
  idleTimeout: true,
};

/** Their members are checked by the driver. */
export const threadOptions: KnownOf<ThreadOptions> = {
  workerData: true,
  transferList: true,
  resourceLimits: true,
  eval: true,
  execArgv: true,
  argv: true,
  env: true,
  stdin: true,
  stdout: true,
  stderr: true,
  name: true,
};

/** Their members are checked by the driver. */
export const inProcessOptions: KnownOf<InProcessOptions> = { load: true };
