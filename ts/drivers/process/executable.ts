import type * as Sea from 'node:sea';

import { shared } from '../../worker/shared-state.js';
import { WorkerError } from '../../errors/worker-error.js';

/** A worker may start another of its own script before it has called its host, at most this often in a row. */
const LONGEST_CHAIN = 3;

/** The executable of a worker: a command, and the environment that it needs to run a script. */
export interface Executable {
  readonly command: string;
  readonly env: NodeJS.ProcessEnv;
  /** How many processes in a row have started another of their own script without a message to their hosts. */
  readonly chain: number;
}

/**
 * The executable for the worker's script. This process's executable may be the user's whole program, which would start
 * itself.
 *
 * @throws `ERR_EXEC_PATH_REQUIRED`.
 */
export function findExecutable(execPath: string | undefined, script: string): Executable {
  const chain = countChain(script);
  const command = execPath ?? process.execPath;
  // Electron's own `fork` does this too: otherwise the application would start once more.
  const isElectron = process.versions['electron'] !== undefined && command === process.execPath;
  if (execPath === undefined && !isElectron) {
    const program = ownProgram();
    if (program !== undefined) throw execPathRequired(`the executable of this process is ${program}`);
  }
  return { command, env: isElectron ? { ELECTRON_RUN_AS_NODE: '1' } : {}, chain };
}

/** The kind of the executable, if it is not a runtime that runs any script. */
function ownProgram(): string | undefined {
  const { versions } = process;
  if (versions['nw'] !== undefined) return 'NW.js';
  if ('pkg' in process) return 'a program made by pkg';
  if ('__nexe' in process) return 'a program made by nexe';
  if (versions['deno'] !== undefined) return isDenoProgram() ? 'a program made by deno compile' : undefined;
  if (versions['bun'] !== undefined) return isBunProgram() ? 'a program made by bun build --compile' : undefined;
  return isSea() ? 'a single executable application' : undefined;
}

function isSea(): boolean {
  try {
    return (require('node:sea') as typeof Sea).isSea();
  } catch {
    // The runtime has none.
    return false;
  }
}

function isDenoProgram(): boolean {
  const { Deno } = globalThis as { Deno?: { build?: { standalone?: boolean } } };
  return Deno?.build?.standalone === true;
}

/** Its files are in its own file system. */
function isBunProgram(): boolean {
  const { Bun } = globalThis as { Bun?: { main?: string } };
  return /^(\/\$bunfs\/|[A-Z]:[\\/]~BUN[\\/])/i.test(Bun?.main ?? '');
}

/**
 * For an unknown executable: this process was started to run a script, runs something else, and is about to start a
 * worker for that script. If that looks like the script itself, this stops an endless chain.
 */
function countChain(script: string): number {
  const own = shared.process;
  if (own === undefined || own.script !== script || shared.channel !== undefined) return 0;
  const chain = own.chain + 1;
  if (process.argv[1] === script && chain <= LONGEST_CHAIN) return chain;
  throw execPathRequired(`${process.execPath} was started to run ${script} as a worker, and runs a program of its own`);
}

function execPathRequired(what: string): WorkerError {
  return new WorkerError(
    'ERR_EXEC_PATH_REQUIRED',
    `cannot start a worker process: ${what}, so it would start itself. Set \`execPath\` to a Node executable, or use WorkerThreadsDriver.`,
    { phase: 'spawn' },
  );
}
