// What the other files use.
(native) => {
  'use strict';
  const { defineProperty, apply } = Reflect;

  native.apply = apply;
  native.queueMicrotask = globalThis.queueMicrotask;
  const clock = globalThis.performance;
  const elapsed = clock.now;
  native.now = () => apply(elapsed, clock, []);

  /** A global, as those of the language are. */
  native.define = (name, value) => {
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
    defineProperty(error, 'code', { __proto__: null, value: code, writable: true, enumerable: true, configurable: true });
    return error;
  };
};
