// What the other files use: functions of the language before anyone changes them, and the replacement of constructors. The text
// of a function of ours is that of a native one, because its bytecode has no source.
(native) => {
  'use strict';
  const { apply, construct, defineProperty, deleteProperty, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
  const { setPrototypeOf } = Reflect;
  const { Error, Function, Object, TypeError } = globalThis;
  const { trunc } = Math;
  const uncurried = Function.prototype.bind.bind(Function.prototype.call);
  const MAX = 2 ** 53 - 1;

  /** How much work natives have done since the host was asked: about one unit for each nanosecond or two. */
  let work = 0;
  const SLICE = 1_000_000;

  native.spend = (amount) => {
    work += amount;
    if (work < SLICE) return;
    work = 0;
    native.poll();
  };

  native.uncurried = uncurried;

  native.toInteger = (value) => {
    const number = +value;
    return number !== number ? 0 : trunc(number) + 0;
  };

  native.toLength = (value) => {
    const length = native.toInteger(value);
    return length <= 0 ? 0 : length > MAX ? MAX : length;
  };

  native.toObject = (value, name) => {
    if (value === undefined || value === null) throw new TypeError(`${name} called on null or undefined`);
    return Object(value);
  };

  native.isObject = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function';

  /** The own members of an object, for natives that define them. Each must be its last user. */
  native.createData = (object, key, value) => {
    const done = defineProperty(object, key, {
      __proto__: null,
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
    if (!done) throw new TypeError('cannot define property');
  };

  /**
   * Puts a constructor in the place of a native one. For `new`, `prepare` gets the arguments, and may give others; or it
   * makes the object. `prepareCall` is for a call without `new`.
   */
  native.replaceConstructor = (name, prepare, prepareCall = (args) => args) => {
    const original = globalThis[name];
    if (original === undefined) return;
    const replacement = {
      [name]: function (...args) {
        if (new.target === undefined) return apply(original, this, prepareCall(args));
        const target = new.target === replacement ? original : new.target;
        const prepared = prepare(args, (given) => construct(original, given, target));
        return prepared === args ? construct(original, args, target) : prepared;
      },
    }[name];
    native.copyMembers(original, replacement);
    setPrototypeOf(replacement, getPrototypeOf(original));
    native.put(original.prototype, 'constructor', replacement);
    native.put(globalThis, name, replacement);
  };

  // A call site of a stack trace would give out the native function that one of ours calls.
  const hadFunction = getOwnPropertyDescriptor(Error, 'prepareStackTrace') !== undefined;
  const before = Error.prepareStackTrace;
  Error.prepareStackTrace = (_error, sites) => sites;
  const sites = new Error('for its call sites').stack;
  Error.prepareStackTrace = before;
  if (!hadFunction) deleteProperty(Error, 'prepareStackTrace');
  if (native.isObject(sites)) deleteProperty(getPrototypeOf(sites[0]), 'getFunction');

  /**
   * An iterator whose steps are calls of JavaScript, so that a native that takes step after step is interrupted. All of the
   * protocol happens when the native asks for it.
   */
  native.stepsOf = (iterator) => ({
    __proto__: null,
    get next() {
      const { next } = iterator;
      return typeof next === 'function' ? () => apply(next, iterator, []) : next;
    },
    get return() {
      const end = iterator.return;
      return typeof end === 'function' ? () => apply(end, iterator, []) : end;
    },
  });

  const { iterator: ITERATOR } = Symbol;
  const FEW = native.elements;

  /** Something iterable, whose steps are interrupted. */
  native.interruptible = (iterable) => {
    if (!native.isObject(iterable)) return iterable;
    const known = native.lengthOfArray(iterable);
    if (known >= 0 && known <= FEW) return iterable;
    return {
      __proto__: null,
      get [ITERATOR]() {
        return native.iteratorOf(iterable, iterable[ITERATOR]);
      },
    };
  };

  /** A method that gives such an iterator; what is no function stays what it is. */
  native.iteratorOf = (iterable, method) => {
    if (typeof method !== 'function') return method;
    return () => {
      const iterator = apply(method, iterable, []);
      return native.isObject(iterator) ? native.stepsOf(iterator) : iterator;
    };
  };
};
