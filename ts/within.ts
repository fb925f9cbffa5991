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
