// What the programs share. Each prints one line of JSON for each thing that a package is to do.
import { isMainThread, threadId } from 'node:worker_threads';

/** Runs one check; a check that hangs fails. */
export async function check(name, act, millis = 30_000) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${millis} ms`)), millis);
  });
  try {
    const detail = await Promise.race([act(), late]);
    console.log(JSON.stringify({ name, ok: true, detail }));
  } catch (error) {
    console.log(JSON.stringify({ name, ok: false, detail: String(error?.stack ?? error).slice(0, 500) }));
  }
  clearTimeout(timer);
}

export function equal(actual, expected) {
  const [one, other] = [actual, expected].map((value) => JSON.stringify(value));
  if (one !== other) throw new Error(`${one} is not ${other}`);
}

/** The error that a promise rejects with. */
export async function failure(promise) {
  const outcome = await Promise.resolve(promise).then(
    (value) => ({ value }),
    (error) => ({ error }),
  );
  if ('value' in outcome) throw new Error(`it resolved with ${JSON.stringify(outcome.value)}`);
  return outcome.error;
}

/** The workers tell their process: it is another one unless they are threads. */
export function isOwnProcess(pid) {
  if (pid === process.pid) throw new Error('the worker is a thread of this process');
}

export { isMainThread, threadId };
