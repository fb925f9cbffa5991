import { readFileSync } from 'node:fs';

import { getNative } from '../addon/environment.js';
import { readToken } from '../detached/named-sockets.js';
import { readReport, type WorkerReport } from '../detached/worker-report.js';
import type { WorkerError } from '../errors/worker-error.js';
import { PulseState } from '../protocol/generated.js';
import { now } from '../util/primordials.js';

/** What a worker answered over its lifeline, which needs no free place for a host. */
export interface Answer {
  readonly pid: number | undefined;
  /** `gone`: nobody listens at the socket. `refused`: another user's, or no worker. */
  readonly state: 'alive' | 'blocked' | 'silent' | 'gone' | 'refused';
  /** How long its JavaScript has not paused, in milliseconds. */
  readonly blockedFor?: number;
  /** From the first byte to the answer, in milliseconds. */
  readonly millis: number;
}

/** From here on a worker is blocked, as for `health()`. */
const BLOCKED_AFTER = 100;

/** Asks the worker that listens at a path whether it is alive. */
export async function askWorker(path: string, timeout: number): Promise<Answer> {
  const started = now();
  // On demand: the file that these are in is not loaded for the other commands.
  const [{ connectWorker }, { ProcessPulse }] = await Promise.all([
    import('../drivers/process/attached-channel.js'),
    import('../drivers/process/liveness.js'),
  ]);
  let pid: number | undefined;
  try {
    const attachment = await connectWorker({ path, token: readToken(path) }, 'lifeline', timeout);
    pid = attachment.pid;
    const lifeline = attachment.lifeline();
    const pulse = await new ProcessPulse(lifeline).ask(timeout, true);
    lifeline.close();
    attachment.letGo();
    const millis = now() - started;
    if (pulse.state === PulseState.Gone) return { pid, state: 'gone', millis };
    if (pulse.state === PulseState.Silent) return { pid, state: 'silent', millis };
    return pulse.millis >= BLOCKED_AFTER
      ? { pid, state: 'blocked', blockedFor: Math.round(pulse.millis), millis }
      : { pid, state: 'alive', millis };
  } catch (error) {
    return { pid, state: stateOf((error as WorkerError).code), millis: now() - started };
  }
}

/** Asks the JavaScript of a worker for its figures; `undefined` where it does not answer in time, or has none. */
export async function askForReport(path: string, timeout: number): Promise<WorkerReport | undefined> {
  try {
    const report = await getNative().addon.NativeAttachment.report(path, readToken(path), timeout);
    return typeof report === 'string' ? readReport(report) : undefined;
  } catch {
    return undefined;
  }
}

function stateOf(code: string): Answer['state'] {
  if (code === 'ERR_NO_SUCH_WORKER') return 'gone';
  return code === 'ERR_ATTACH_REFUSED' ? 'refused' : 'silent';
}

/** What the system tells of a process; `undefined` where it tells nothing. */
export interface ProcessUse {
  /** In bytes. */
  readonly rss: number;
  /** Since the process began, in milliseconds. */
  readonly cpuMillis: number;
}

/** Linux counts in ticks of 10 ms and pages of 4 KiB for programs, whatever the kernel does inside. */
const TICK = 10;
const PAGE = 4_096;

export function useOf(pid: number): ProcessUse | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name before the last parenthesis may have blanks.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { rss: Number(fields[21]) * PAGE, cpuMillis: (Number(fields[11]) + Number(fields[12])) * TICK };
  } catch {
    return undefined;
  }
}
