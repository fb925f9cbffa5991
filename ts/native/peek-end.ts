import { constants } from 'node:os';

import type { ShutdownReason } from '../types/shutdown-reason.js';
import { getNative } from './environment.js';

/** How a child process has ended, of which this thread, which is blocked, was not told yet. */
export function peekEnd(pid: number, timeout: number): ShutdownReason | undefined {
  const [code, number] = getNative().addon.NativeConnection.exitOf(pid, timeout);
  if (code === undefined) return undefined;
  const signal = Object.entries(constants.signals).find(([, value]) => value === number)?.[0] as
    NodeJS.Signals | undefined;
  return { type: 'exit', code: code < 0 ? null : code, signal: code < 0 ? (signal ?? null) : null };
}
