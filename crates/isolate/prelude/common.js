// What the other files use.
(native) => {
  'use strict';
  const { defineProperty, apply } = Reflect;

  native.apply = apply;
  native.queueMicrotask = globalThis.queueMicrotask;
  const clock = globalThis.performance;
  const elapsed = clock.now;
  native.now = () => apply(elapsed, clock, []);

  const loaded = { __proto__: null };

  /** Runs a part, once. */
  native.load = (part) => {
    if (loaded[part]) return;
    loaded[part] = true;
    native.evaluate(part)(native);
  };

  /** A global that its part defines when someone reads it. */
  native.later = (part, name) => {
    defineProperty(globalThis, name, {
      __proto__: null,
      get() {
        native.load(part);
        return native[name];
      },
      set(value) {
        native.load(part);
        defineProperty(globalThis, name, { __proto__: null, value, writable: true, enumerable: false });
      },
      enumerable: false,
      configurable: true,
    });
  };

  /** A global, as those of the language are. */
  native.define = (name, value) => {
    native[name] = value;
    if (typeof value === 'function' && value.prototype !== undefined) native.tag(value, name);
    defineProperty(globalThis, name, {
      __proto__: null,
      value,
      writable: true,
      enumerable: false,
      configurable: true,
    });
  };

  native.tag = (Class, name) => {
    defineProperty(Class.prototype, Symbol.toStringTag, { __proto__: null, value: name, configurable: true });
  };

  /** An error with the code that Node gives it. */
  native.fail = (Class, message, code) => {
    const error = new Class(message);
    defineProperty(error, 'code', {
      __proto__: null,
      value: code,
      writable: true,
      enumerable: true,
      configurable: true,
    });
    return error;
  };
};
