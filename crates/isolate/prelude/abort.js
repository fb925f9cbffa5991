// `AbortController` and `AbortSignal`.
(native) => {
  'use strict';
  const { define } = native;
  native.load('events');
  const { Event, EventTarget } = native;
  const { DOMException, WeakRef } = globalThis;
  const KEY = Symbol('a signal is made by a controller');
  const LONGEST_DELAY = 2 ** 31 - 1;
  let abortSignal;

  class AbortSignal extends EventTarget {
    #isAborted = false;
    #reason;
    /** Signals that follow this one. A signal that nobody holds any more has no one to tell. */
    #followers = [];
    #sources = [];

    constructor(key) {
      if (key !== KEY) throw new TypeError('Illegal constructor: new AbortController() has a signal');
      super();
    }

    static {
      abortSignal = (signal, reason) => signal.#abort(reason);
    }

    static abort(reason) {
      const signal = new AbortSignal(KEY);
      signal.#isAborted = true;
      signal.#reason = reasonOf(reason);
      return signal;
    }

    static timeout(milliseconds) {
      const delay = Number(milliseconds);
      if (!(delay >= 0 && delay <= Number.MAX_SAFE_INTEGER)) {
        throw native.fail(
          RangeError,
          'AbortSignal.timeout: the delay is no number of milliseconds',
          'ERR_OUT_OF_RANGE',
        );
      }
      const signal = new AbortSignal(KEY);
      const timer = globalThis.setTimeout(
        () => {
          signal.#abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
        },
        Math.min(delay, LONGEST_DELAY),
      );
      timer?.unref?.();
      return signal;
    }

    static any(signals) {
      const all = [...signals];
      if (!all.every((signal) => typeof signal === 'object' && signal !== null && #isAborted in signal)) {
        throw new TypeError('AbortSignal.any: the argument is no list of signals');
      }
      const signal = new AbortSignal(KEY);
      const aborted = all.find((source) => source.#isAborted);
      if (aborted !== undefined) {
        signal.#isAborted = true;
        signal.#reason = aborted.#reason;
        return signal;
      }
      // The sources live as long as a signal that follows them.
      signal.#sources = all;
      for (const source of all) {
        source.#followers = source.#followers.filter((follower) => follower.deref() !== undefined);
        source.#followers.push(new WeakRef(signal));
      }
      return signal;
    }

    get aborted() {
      return this.#isAborted;
    }

    get reason() {
      return this.#reason;
    }

    throwIfAborted() {
      if (this.#isAborted) throw this.#reason;
    }

    addEventListener(type, callback, options) {
      // A signal with a listener is told, even if nobody else holds it.
      if (this.#sources.length > 0) {
        for (const source of this.#sources) if (!source.#followers.includes(this)) source.#followers.push(this);
      }
      super.addEventListener(type, callback, options);
    }

    #abort(reason) {
      if (this.#isAborted) return;
      const told = [];
      this.#mark(reasonOf(reason), told);
      for (const signal of told) signal.dispatchEvent(new Event('abort'));
    }

    /** All followers are aborted before the first listener is called. */
    #mark(reason, told) {
      if (this.#isAborted) return;
      this.#isAborted = true;
      this.#reason = reason;
      told.push(this);
      for (const follower of this.#followers) {
        const signal = follower instanceof AbortSignal ? follower : follower.deref();
        signal?.#mark(reason, told);
      }
      this.#followers = [];
      this.#sources = [];
    }
  }

  class AbortController {
    #signal = new AbortSignal(KEY);

    get signal() {
      return this.#signal;
    }

    abort(reason) {
      abortSignal(this.#signal, reason);
    }
  }

  function reasonOf(reason) {
    return reason === undefined ? new DOMException('This operation was aborted', 'AbortError') : reason;
  }

  native.defineHandler(AbortSignal, 'abort');
  define('AbortSignal', AbortSignal);
  define('AbortController', AbortController);
};
