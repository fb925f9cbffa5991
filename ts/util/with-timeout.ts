import { clearTimeout, now, setImmediate, setTimeout } from './primordials.js';

/** Waits for a promise up to an instant; returns whether it settled. Throws its rejection. */
export async function settlesBy(deadline: number, promise: Promise<unknown>): Promise<boolean> {
  const left = deadline - now();
  if (left === Infinity) return promise.then(() => true);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    // After a blocked time, the process handles arrived events before it sees that the time is over.
    const over = () => afterArrivals(() => resolve(false));
    timer = setTimeout(over, Math.min(Math.max(left, 0), 2 ** 31 - 1));
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Calls back when the loop has handled arrived events, and their consequences. */
export function afterArrivals(act: () => void): void {
  setImmediate(() => setImmediate(act));
}
