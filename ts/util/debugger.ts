import type * as Inspector from 'node:inspector';

import { settlesBy } from './with-timeout.js';
import { clearInterval, now, setInterval, setTimeout } from './primordials.js';

/** `keep`: timeouts count, with a debugger too. */
const VARIABLE = 'ISOLATED_WORKERS_TIMEOUTS';
/** How often the library checks whether a debugger is still there, in milliseconds. */
const POLL_INTERVAL = 500;

/** How long after the start a script's own `inspector.open()` is noticed that precedes the library, in milliseconds. */
const FIRST_LOOK = 100;

/** A worker that may know whether a debugger can stop it. */
interface Debuggable {
  readonly isDebugged?: boolean | undefined;
}

/** Whether a debugger may stop the host or a worker at a breakpoint, for any time. */
export type DebuggerCheck = (worker?: Debuggable) => boolean;

/** For workers with these arguments. Runs only when a timeout is due. */
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
 * Waits for a promise this many milliseconds; returns whether it settled. If a debugger is there at the end, the
 * promise gets `whole` once that is gone.
 */
export async function settlesWithin(
  millis: number,
  promise: Promise<unknown>,
  isDebugged: () => boolean,
  whole = millis,
): Promise<boolean> {
  for (let left = millis, wasDebugged = false; !(await settlesBy(now() + left, promise));) {
    const stops = isDebugged();
    if (!stops && !wasDebugged) return false;
    left = stops ? POLL_INTERVAL : whole;
    wasDebugged = stops;
  }
  return true;
}

/**
 * Reports, in a worker, when a debugger may stop this process, and when none may any more. Costs nothing until then.
 */
export function watchInspector(report: (isThere: boolean) => void): void {
  let wasThere = false;
  let timer: NodeJS.Timeout | undefined;
  const look = () => {
    const isThere = hasInspector();
    if (isThere !== wasThere) report(isThere);
    wasThere = isThere;
    if (isThere) timer ??= setInterval(look, POLL_INTERVAL).unref();
    else timer = void clearInterval(timer);
  };
  // Node emits this for the workers of a cluster when the inspector listens: by a flag, SIGUSR1 or `inspector.open()`.
  process.on('internalMessage' as 'message', (message: { cmd?: unknown } | null) => {
    if (message?.cmd === 'NODE_DEBUG_ENABLED') look();
  });
  if (mayListen()) look();
  else setTimeout(look, FIRST_LOOK).unref();
}

/**
 * Whether the inspector listens by a flag, or code that was loaded before the script may have opened it. `node:inspector`, which
 * knows, costs a start three milliseconds.
 */
function mayListen(): boolean {
  const { execArgv, env } = process;
  return [...execArgv, env.NODE_OPTIONS ?? ''].some((text) =>
    /-r\b|--(inspect|require|import|(experimental-)?loader)/.test(text),
  );
}
