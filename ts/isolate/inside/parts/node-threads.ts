// In place of ts/util/node-threads.ts.

/** An isolate has nothing to do with threads of Node. */
export const isMainThread = true;
