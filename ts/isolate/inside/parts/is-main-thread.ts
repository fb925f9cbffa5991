// In place of ts/util/is-main-thread.ts.

/** An isolate has nothing to do with threads of Node. */
export const isMainThread = true;
