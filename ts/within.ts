/** Waits for a promise up to an instant; tells whether it came. What it rejects with is thrown. */
export async function within(deadline: number, promise: Promise<unknown>): Promise<boolean> {
  const left = deadline - Date.now();
  if (left === Infinity) return promise.then(() => true);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    // A process that was blocked sees what had arrived before it sees that the time is over.
    const over = () => afterArrivals(() => resolve(false));
    timer = setTimeout(over, Math.min(Math.max(left, 0), 2 ** 31 - 1));
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Calls back when the loop has read what has arrived, and what that led to has come to an end. */
export function afterArrivals(act: () => void): void {
  setImmediate(() => setImmediate(act));
}
