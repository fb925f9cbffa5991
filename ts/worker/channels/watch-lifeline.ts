import { getNative, hasUv } from '../../addon/environment.js';
import { removeSocketFiles } from '../../detached/socket-files.js';
import { watchInspector } from '../../util/debugger.js';
import { guard } from '../../util/guard.js';
import { exit, setTimeout } from '../../util/primordials.js';
import type { Inheritance } from './inheritance.js';

/** How long it may take, after the host's end, to read all that the host has sent, in milliseconds. */
export const ARRIVAL_TIMEOUT = 400;

/** Watches the lifeline and the listener, on threads that JavaScript cannot block. */
export function watchLifeline(inheritance: Inheritance, open: () => void): void {
  const { lifeline, limits, socket } = inheritance;
  if (lifeline === undefined) return;
  const { addon } = getNative();
  const debuggers = new addon.NativeDebugger();
  // Reports a debugger to all hosts, whatever this thread does then. Elsewhere no event reports that it opens.
  if (hasUv()) watchInspector((isThere) => debuggers.set(isThere));
  const { fd, killGroup } = lifeline;
  const detached = socket !== undefined;
  const report = (error: unknown) => inheritance.onWarning?.(error);
  const onStream = guard((stream: number | null) => {
    if (stream === null) return;
    if (inheritance.onStream === undefined) open();
    inheritance.onStream?.(stream);
  }, report);
  const onNews = guard((stream: number | null) => {
    if (stream !== null) return onStream(stream);
    // The last step of the exit.
    if (killGroup && process.platform !== 'win32') process.once('exit', () => process.kill(-process.pid, 'SIGKILL'));
    // A script that does not serve yet may still do so.
    if (inheritance.onHostGone === undefined) setTimeout(exit, ARRIVAL_TIMEOUT);
    else inheritance.onHostGone();
  }, report);
  const token = addon.NativeLifeline.guard(fd, { killGroup, uv: hasUv(), detached, ...limits }, debuggers, onNews);
  if (socket === undefined || token === null) return;
  const { path, maxHosts = 1, fd: listening = addon.NativeSocket.open(path, token) } = socket;
  // A worker that does not serve yet has no figures.
  const onReport = guard(
    (stream: number) => addon.NativeAttachListener.report(stream, inheritance.onReport?.() ?? ''),
    report,
  );
  const accepted = { fd: listening, token, maxHosts, uv: hasUv() };
  inheritance.listener = new addon.NativeAttachListener(accepted, debuggers, onStream, onReport);
  process.once('exit', () => removeSocketFiles({ path, token }));
}
