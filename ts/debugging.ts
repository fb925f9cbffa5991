import type * as Inspector from 'node:inspector';

import { within } from './within.js';

/** `keep`: timeouts count, debugger or not. */
const VARIABLE = 'ISOLATED_WORKERS_TIMEOUTS';
/** How often it is looked whether a debugger is still there, in milliseconds. */
const LOOK = 500;

/** A worker that may know whether a debugger can stop it. */
interface Debuggable {
  readonly isDebugged?: boolean | undefined;
}

/** Whether somebody may stop the host or a worker at a breakpoint, for as long as they like. */
export type DebuggerCheck = (worker?: Debuggable) => boolean;

/** For workers with these arguments. Asked only when something is late. */
export function debuggerCheck(execArgv: unknown): DebuggerCheck {
  if (process.env[VARIABLE] === 'keep') return () => false;
  const ofWorker: unknown[] = Array.isArray(execArgv) ? execArgv : [];
  const hasFlag = ofWorker.some((argument) => /^--inspect(-brk|-wait)?(=|$)/.test(String(argument)));
  return (worker) => hasFlag || hasInspector() || worker?.isDebugged === true;
}

function hasInspector(): boolean {
  try {
    return (require('node:inspector') as typeof Inspector).url() !== undefined;
  } catch {
    // The runtime has none.
    return false;
  }
}

/**
 * Waits for a promise so many milliseconds; tells whether it came. If a debugger is there when they are over, it has `whole`
 * once that is gone.
 */
export async function inTime(
  millis: number,
  promise: Promise<unknown>,
  isDebugged: () => boolean,
  whole = millis,
): Promise<boolean> {
  for (let left = millis, wasDebugged = false; !(await within(Date.now() + left, promise));) {
    const stops = isDebugged();
    if (!stops && !wasDebugged) return false;
    left = stops ? LOOK : whole;
    wasDebugged = stops;
  }
  return true;
}

/** Tells, in a worker, when a debugger may stop this process, and when none may any more. Costs nothing until then. */
export function watchInspector(tell: (isThere: boolean) => void): void {
  let wasThere = false;
  let timer: NodeJS.Timeout | undefined;
  const look = () => {
    const isThere = hasInspector();
    if (isThere !== wasThere) tell(isThere);
    wasThere = isThere;
    if (isThere) timer ??= setInterval(look, LOOK).unref();
    else timer = void clearInterval(timer);
  };
  // What Node tells the workers of a cluster, as soon as the inspector listens: by a flag, SIGUSR1 or `inspector.open()`.
  process.on('internalMessage' as 'message', (message: { cmd?: unknown } | null) => {
    if (message?.cmd === 'NODE_DEBUG_ENABLED') look();
  });
  look();
}
