// `Event` and `EventTarget`.
(native) => {
  'use strict';
  const { define } = native;
  const { WeakMap } = globalThis;

  class Event {
    #type;
    #cancelable;
    #bubbles;
    #composed;
    #prevented = false;
    #timeStamp = native.now();
    /** What a dispatch changes. */
    static state = new WeakMap();

    constructor(type, options) {
      if (arguments.length === 0) throw new TypeError('Event: the type is missing');
      this.#type = `${type}`;
      this.#bubbles = Boolean(options?.bubbles);
      this.#cancelable = Boolean(options?.cancelable);
      this.#composed = Boolean(options?.composed);
      states.set(this, { target: null, current: null, phase: 0, isStopped: false, isPassive: false });
    }

    get type() {
      return this.#type;
    }

    get bubbles() {
      return this.#bubbles;
    }

    get cancelable() {
      return this.#cancelable;
    }

    get composed() {
      return this.#composed;
    }

    get timeStamp() {
      return this.#timeStamp;
    }

    get defaultPrevented() {
      return this.#prevented;
    }

    get returnValue() {
      return !this.#prevented;
    }

    get isTrusted() {
      return false;
    }

    get target() {
      return states.get(this).target;
    }

    get srcElement() {
      return states.get(this).target;
    }

    get currentTarget() {
      return states.get(this).current;
    }

    get eventPhase() {
      return states.get(this).phase;
    }

    preventDefault() {
      if (this.#cancelable && !states.get(this).isPassive) this.#prevented = true;
    }

    stopPropagation() {}

    stopImmediatePropagation() {
      states.get(this).isStopped = true;
    }

    composedPath() {
      const { current } = states.get(this);
      return current === null ? [] : [current];
    }
  }

  const states = Event.state;
  delete Event.state;
  for (const [name, phase] of [
    ['NONE', 0],
    ['CAPTURING_PHASE', 1],
    ['AT_TARGET', 2],
    ['BUBBLING_PHASE', 3],
  ]) {
    const constant = { __proto__: null, value: phase, enumerable: true };
    Reflect.defineProperty(Event, name, constant);
    Reflect.defineProperty(Event.prototype, name, constant);
  }

  class EventTarget {
    /** For each type, its listeners in their order. */
    #listeners = new Map();

    addEventListener(type, callback, options) {
      if (callback === null || callback === undefined) return;
      if (typeof callback !== 'function' && typeof callback !== 'object') {
        throw new TypeError('addEventListener: the listener is neither a function nor an object');
      }
      const { capture, once, passive, signal } = flatten(options);
      if (signal?.aborted === true) return;
      const listeners = this.#listeners.get(`${type}`) ?? [];
      if (listeners.some((known) => known.callback === callback && known.capture === capture)) return;
      const listener = { callback, capture, once, passive, isRemoved: false };
      this.#listeners.set(`${type}`, [...listeners, listener]);
      signal?.addEventListener('abort', () => this.removeEventListener(type, callback, { capture }), { once: true });
    }

    removeEventListener(type, callback, options) {
      const { capture } = flatten(options);
      const left = (this.#listeners.get(`${type}`) ?? []).filter((listener) => {
        const isIt = listener.callback === callback && listener.capture === capture;
        if (isIt) listener.isRemoved = true;
        return !isIt;
      });
      if (left.length === 0) this.#listeners.delete(`${type}`);
      else this.#listeners.set(`${type}`, left);
    }

    dispatchEvent(event) {
      const state = states.get(event);
      if (state === undefined) throw new TypeError('dispatchEvent: the argument is no Event');
      if (state.current !== null) {
        throw new DOMException('dispatchEvent: the event is being dispatched already', 'InvalidStateError');
      }
      state.target = state.current = this;
      state.phase = 2;
      for (const listener of this.#listeners.get(event.type) ?? []) {
        if (listener.isRemoved) continue;
        if (listener.once) this.removeEventListener(event.type, listener.callback, listener);
        state.isPassive = listener.passive;
        this.#call(listener.callback, event);
        if (state.isStopped) break;
      }
      state.current = null;
      state.phase = 0;
      state.isStopped = state.isPassive = false;
      return !event.defaultPrevented;
    }

    /** An exception of one listener is uncaught, and keeps no other one from its event. */
    #call(callback, event) {
      try {
        if (typeof callback === 'function') native.apply(callback, this, [event]);
        else callback.handleEvent(event);
      } catch (error) {
        native.queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  function flatten(options) {
    if (typeof options !== 'object' || options === null) {
      return { capture: Boolean(options), once: false, passive: false, signal: undefined };
    }
    const { capture, once, passive, signal } = options;
    return { capture: Boolean(capture), once: Boolean(once), passive: Boolean(passive), signal };
  }

  /** An attribute such as `onabort`: its function is a listener. */
  native.defineHandler = (Class, type) => {
    const handlers = new WeakMap();
    Reflect.defineProperty(Class.prototype, `on${type}`, {
      __proto__: null,
      configurable: true,
      enumerable: true,
      get() {
        return handlers.get(this)?.handler ?? null;
      },
      set(handler) {
        const known = handlers.get(this);
        if (known !== undefined) known.handler = handler;
        else {
          const holder = { handler };
          handlers.set(this, holder);
          this.addEventListener(type, (event) => {
            if (typeof holder.handler === 'function') native.apply(holder.handler, this, [event]);
          });
        }
      },
    });
  };
  define('Event', Event);
  define('EventTarget', EventTarget);
};
