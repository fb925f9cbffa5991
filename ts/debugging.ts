import type * as Inspector from 'node:inspector';

/** `keep`: timeouts count, debugger or not. */
const VARIABLE = 'ISOLATED_WORKERS_TIMEOUTS';

/**
 * Whether somebody may stop the host or a worker with these arguments at a breakpoint for as long as they like. No
 * timeout makes sense then.
 */
export function isDebugged(execArgv: unknown): boolean {
  if (process.env[VARIABLE] === 'keep') return false;
  const ofWorker = Array.isArray(execArgv) ? execArgv : [];
  return hasInspector() || ofWorker.some((argument) => /^--inspect(-brk|-wait)?(=|$)/.test(String(argument)));
}

function hasInspector(): boolean {
  try {
    return (require('node:inspector') as typeof Inspector).url() !== undefined;
  } catch {
    // The runtime has none.
    return false;
  }
}
