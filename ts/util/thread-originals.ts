/** The key under which `isolated-workers/register` leaves the exports of `node:worker_threads` that it has replaced. */
export const ORIGINALS = Symbol.for('isolated-workers.original-worker-threads');
