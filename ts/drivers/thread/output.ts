import type { Worker } from 'node:worker_threads';

/** This many threads may write to the host's output before Node warns about listeners. */
const UNNOTICED = 8;

let threads = 0;
let most = UNNOTICED;

/**
 * Threads that write to the host's output are not a leak of listeners, however many there are. The limit stays raised:
 * listeners of an ended thread leave with its last output.
 */
export function expectOutput(thread: Worker): void {
  thread.once('exit', () => threads--);
  if (++threads <= most) return;
  most = threads;
  for (const stream of [process.stdout, process.stderr]) {
    const limit = stream.getMaxListeners();
    // 0 and Infinity: there is no limit.
    if (limit > 0 && limit < Infinity) stream.setMaxListeners(limit + 1);
  }
}
