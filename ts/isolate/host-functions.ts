import type { HostFunction } from './types.js';
import { encode, type Parcel } from './values.js';

/** So many calls of one isolate may wait for their results. */
const MOST = 1024;

/** The functions of the host that one isolate may call. */
export class HostFunctions {
  #running = 0;

  constructor(
    private readonly functions: ReadonlyMap<string, HostFunction>,
    private readonly shares: boolean,
    private readonly reply: (message: Parcel) => void,
  ) {}

  /** A call of the isolate. */
  call(id: number, name: unknown, args: unknown): void {
    const called = this.functions.get(name as string);
    // The names come from the library in the isolate.
    if (called === undefined || !Array.isArray(args)) return;
    if (this.#running >= MOST) {
      const error = new RangeError(`more than ${MOST} calls of host functions wait for their results`);
      return this.#settle(id, false, error);
    }
    this.#running++;
    const settle = (ok: boolean, value: unknown) => {
      this.#running--;
      this.#settle(id, ok, value);
    };
    void (async () => called(...(args as never[])))().then(
      (value) => settle(true, value),
      (error: unknown) => settle(false, error),
    );
  }

  #settle(id: number, ok: boolean, value: unknown): void {
    try {
      this.reply(encode([id, ok, value], this.shares));
    } catch (error) {
      const refusal = new TypeError(`the result cannot be sent to an isolate: ${String(error)}`);
      this.reply(encode([id, false, refusal], false));
    }
  }
}
