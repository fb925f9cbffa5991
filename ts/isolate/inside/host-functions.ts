// The functions of the host, as globals of the isolate.
import { bridge } from './bridge.js';

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

const waiting = new Map<number, Waiting>();
let last = 0;

/** A call is a request: its result is a promise. */
export function call(name: string, args: readonly unknown[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const id = ++last;
    const size = bridge.send([id, name, args]);
    if (size > 0) throw new RangeError(`the arguments of ${name}() have ${size} bytes: too large for the host`);
    waiting.set(id, { resolve, reject });
    if (waiting.size === 1) holds.change();
  });
}

/** The host has answered. */
export function onReply([id, ok, value]: readonly unknown[]): void {
  const waiter = waiting.get(id as number);
  waiting.delete(id as number);
  if (waiting.size === 0) holds.change();
  if (ok === true) waiter?.resolve(value);
  else waiter?.reject(value);
}

/** Whether a call keeps the isolate alive. */
export const holds = {
  get any(): boolean {
    return waiting.size > 0;
  },
  change: (): void => {},
};

export function define(): void {
  for (const name of bridge.data.globals) {
    Object.defineProperty(globalThis, name, {
      value: (...args: unknown[]) => call(name, args),
      writable: true,
      configurable: true,
    });
  }
}
