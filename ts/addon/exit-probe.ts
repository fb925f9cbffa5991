import { constants } from 'node:os';

import type { ShutdownReason } from '../types/shutdown-reason.js';
import { getNative } from './environment.js';

/** How a child process has ended, while this thread is blocked and cannot receive the event. */
export function probeExit(pid: number, timeout: number): ShutdownReason | undefined {
  const exit = getNative().addon.NativeConnection.exitOf(pid, timeout);
  if (exit === null) return undefined;
  const { code = null, signal } = exit;
  const name = Object.entries(constants.signals).find(([, number]) => number === signal)?.[0];
  return { type: 'exit', code, signal: (name as NodeJS.Signals | undefined) ?? null };
}
