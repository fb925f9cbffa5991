// Functions of the language as they are before any code of a user runs. They are called by Rust, so that no change of a
// prototype reaches what is written or built. The completion value is an object of functions.
(() => {
  'use strict';
  const { call, bind } = Function.prototype;
  const uncurried = bind.bind(call);
  const getterOf = (object, key) => uncurried(Reflect.getOwnPropertyDescriptor(object, key).get);
  const TypedArray = Reflect.getPrototypeOf(Uint8Array);
  const viewClasses = {
    __proto__: null,
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float16Array: globalThis.Float16Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
    DataView,
  };
  const errorClasses = {
    __proto__: null,
    Error,
    EvalError,
    RangeError,
    ReferenceError,
    SyntaxError,
    TypeError,
    URIError,
  };
  const { BigInt, Date, Error: PlainError, Map, Object, RegExp, Set, String, ArrayBuffer: Buffer } = globalThis;
  const DomException = globalThis.DOMException;
  const mapForEach = uncurried(Map.prototype.forEach);
  const setForEach = uncurried(Set.prototype.forEach);
  const addToMap = uncurried(Map.prototype.set);
  const addToSet = uncurried(Set.prototype.add);
  const timeOf = uncurried(Date.prototype.getTime);
  const digitsOf = uncurried(BigInt.prototype.toString);
  const sourceOf = getterOf(RegExp.prototype, 'source');
  const flagsOf = uncurried(function () {
    let flags = '';
    for (let index = 0; index < flagGetters.length; index += 2) {
      if (flagGetters[index + 1](this)) flags += flagGetters[index];
    }
    return flags;
  });
  const flagGetters = [
    'g',
    getterOf(RegExp.prototype, 'global'),
    'i',
    getterOf(RegExp.prototype, 'ignoreCase'),
    'm',
    getterOf(RegExp.prototype, 'multiline'),
    'y',
    getterOf(RegExp.prototype, 'sticky'),
    'u',
    getterOf(RegExp.prototype, 'unicode'),
    's',
    getterOf(RegExp.prototype, 'dotAll'),
    'd',
    getterOf(RegExp.prototype, 'hasIndices'),
    'v',
    getterOf(RegExp.prototype, 'unicodeSets'),
  ];
  const numberOf = uncurried(Number.prototype.valueOf);
  const textOf = uncurried(String.prototype.valueOf);
  const truthOf = uncurried(Boolean.prototype.valueOf);
  const bigintOf = uncurried(BigInt.prototype.valueOf);
  const bufferOfArray = getterOf(TypedArray.prototype, 'buffer');
  const offsetOfArray = getterOf(TypedArray.prototype, 'byteOffset');
  const sizeOfArray = getterOf(TypedArray.prototype, 'byteLength');
  const bufferOfDataView = getterOf(DataView.prototype, 'buffer');
  const offsetOfDataView = getterOf(DataView.prototype, 'byteOffset');
  const sizeOfDataView = getterOf(DataView.prototype, 'byteLength');
  const resizable = getterOf(Buffer.prototype, 'resizable');
  const maxByteLength = getterOf(Buffer.prototype, 'maxByteLength');
  const detached = getterOf(Buffer.prototype, 'detached');
  const resize = uncurried(Buffer.prototype.resize);
  const sizeOf = getterOf(Buffer.prototype, 'byteLength');
  const transfer = uncurried(Buffer.prototype.transfer);
  const fill = uncurried(TypedArray.prototype.set);
  const growable = getterOf(SharedArrayBuffer.prototype, 'growable');
  const tagOf = uncurried(Object.prototype.toString);
  const { setPrototypeOf } = Reflect;
  const define = Reflect.defineProperty;
  const hidden = (object, key, value) =>
    define(object, key, { __proto__: null, value, writable: true, enumerable: false, configurable: true });

  return {
    __proto__: null,
    objectPrototype: Object.prototype,
    arrayPrototype: Array.prototype,
    /** Each class, and an object of it. */
    samples: [
      'Plain',
      {},
      'Array',
      [],
      'Date',
      new Date(0),
      'RegExp',
      /x/,
      'Number',
      new Number(0),
      'String',
      new String(''),
      'Boolean',
      new Boolean(false),
      'BigInt',
      Object(1n),
      'Map',
      new Map(),
      'Set',
      new Set(),
      'Error',
      new PlainError(),
      'ArrayBuffer',
      new Buffer(0),
      'SharedArrayBuffer',
      new SharedArrayBuffer(0),
      'Int8Array',
      new Int8Array(),
      'Uint8Array',
      new Uint8Array(),
      'Uint8ClampedArray',
      new Uint8ClampedArray(),
      'Int16Array',
      new Int16Array(),
      'Uint16Array',
      new Uint16Array(),
      'Int32Array',
      new Int32Array(),
      'Uint32Array',
      new Uint32Array(),
      'Float32Array',
      new Float32Array(),
      'Float64Array',
      new Float64Array(),
      'BigInt64Array',
      new BigInt64Array(),
      'BigUint64Array',
      new BigUint64Array(),
      'DataView',
      new DataView(new Buffer(0)),
      ...(viewClasses.Float16Array ? ['Float16Array', new viewClasses.Float16Array()] : []),
      ...(DomException ? ['Error', new DomException('')] : []),
    ],
    describe(value) {
      if (typeof value === 'function') return 'a function';
      if (typeof value === 'symbol') return 'a symbol';
      try {
        return `an object of the class ${tagOf(value).slice(8, -1)}`;
      } catch {
        return 'an object of a class of its own';
      }
    },
    cloneError(message) {
      return DomException ? new DomException(message, 'DataCloneError') : new TypeError(message);
    },
    /** Key and value of each pair, alternately. */
    pairs(map) {
      const list = [];
      let length = 0;
      mapForEach(map, (value, key) => {
        define(list, length++, data(key));
        define(list, length++, data(value));
      });
      return list;
    },
    members(set) {
      const list = [];
      let length = 0;
      setForEach(set, (value) => {
        define(list, length++, data(value));
      });
      return list;
    },
    newMap: () => new Map(),
    newSet: () => new Set(),
    addToMap(map, key, value) {
      addToMap(map, key, value);
    },
    addToSet(set, value) {
      addToSet(set, value);
    },
    timeOf: (date) => timeOf(date),
    newDate: (time) => new Date(time),
    sourceOf: (pattern) => sourceOf(pattern),
    flagsOf: (pattern) => flagsOf(pattern),
    newRegExp: (source, flags) => new RegExp(source, flags),
    numberOf: (object) => numberOf(object),
    textOf: (object) => textOf(object),
    truthOf: (object) => truthOf(object),
    bigintOf: (object) => bigintOf(object),
    box: (value) => Object(value),
    /** Hexadecimal digits, behind a minus if it is negative. */
    digitsOf: (bigint) => digitsOf(bigint, 16),
    newBigInt: (digits, isNegative) => (isNegative ? -BigInt(`0x${digits}`) : BigInt(`0x${digits}`)),
    /** The buffer of a view, where the view begins, how long it is, and whether its length follows that of its buffer. */
    partsOf(view, isDataView) {
      const buffer = isDataView ? bufferOfDataView(view) : bufferOfArray(view);
      const start = isDataView ? offsetOfDataView(view) : offsetOfArray(view);
      const size = isDataView ? sizeOfDataView(view) : sizeOfArray(view);
      return [buffer, start, size];
    },
    bufferOf: (view, isDataView) => (isDataView ? bufferOfDataView(view) : bufferOfArray(view)),
    isGrowable: (buffer) => growable(buffer),
    tracksLength(view, isDataView) {
      const buffer = isDataView ? bufferOfDataView(view) : bufferOfArray(view);
      const sizeOfView = isDataView ? sizeOfDataView : sizeOfArray;
      const offsetOfView = isDataView ? offsetOfDataView : offsetOfArray;
      const size = sizeOf(buffer);
      const viewed = sizeOfView(view);
      // Only a trial tells: the buffer grows for a moment, and only some views grow with it.
      if (!resizable(buffer) || size + 8 > maxByteLength(buffer) || size - offsetOfView(view) - viewed >= 8)
        return false;
      resize(buffer, size + 8);
      const follows = sizeOfView(view) !== viewed;
      resize(buffer, size);
      return follows;
    },
    /** The most bytes that a buffer may have; -1 if its length is fixed. */
    limitOf: (buffer) => (resizable(buffer) ? maxByteLength(buffer) : -1),
    isDetached: (buffer) => detached(buffer),
    /** The memory of a buffer as a new one; the buffer has none any more. */
    moved: (buffer) => transfer(buffer),
    newResizable(bytes, limit) {
      const buffer = new Buffer(sizeOf(bytes), { __proto__: null, maxByteLength: limit });
      fill(new viewClasses.Uint8Array(buffer), new viewClasses.Uint8Array(bytes));
      return buffer;
    },
    /** `size` is -1 for a view that follows the length of its buffer. */
    newView(name, buffer, start, size, elementSize) {
      const Class = viewClasses[name];
      if (Class === undefined) throw new TypeError(`this engine has no ${name}`);
      return size === -1 ? new Class(buffer, start) : new Class(buffer, start, size / elementSize);
    },
    newError: () => new PlainError(),
    finishError(error, name, message, stack) {
      const Class = errorClasses[name];
      if (Class !== PlainError) setPrototypeOf(error, Class.prototype);
      if (message !== undefined) hidden(error, 'message', message);
      hidden(error, 'stack', stack);
    },
    addCause(error, cause) {
      hidden(error, 'cause', cause);
    },
    hostError: (message) => new TypeError(message),
  };

  function data(value) {
    return { __proto__: null, value, writable: true, enumerable: true, configurable: true };
  }
})();
