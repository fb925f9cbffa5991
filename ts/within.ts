/** Waits for a promise up to an instant; tells whether it came. */
export async function within(deadline: number, promise: Promise<unknown>): Promise<boolean> {
  const left = deadline - Date.now();
  if (left === Infinity) return promise.then(() => true);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.min(Math.max(left, 0), 2 ** 31 - 1));
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The same for a timeout, 0 for none. A host that was blocked sees what had arrived before it sees that the time is over.
 * What the promise rejects with counts as having come.
 */
export async function inTime(promise: Promise<unknown>, timeout: number): Promise<boolean> {
  if (timeout === 0 || timeout >= 2 ** 31) return true;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    // After this turn of the loop has read, and what that led to has come to an end.
    timer = setTimeout(() => setImmediate(() => setImmediate(resolve, false)), timeout);
  });
  const came = promise.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([came, late]);
  } finally {
    clearTimeout(timer);
  }
}
