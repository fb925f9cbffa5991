// Looks for functions of the engine behind ours: in stack traces, texts, prototypes, species, subclasses. Gives the names of
// what it finds.
(() => {
  const found = [];
  const names = [
    'Array',
    'String',
    'Map',
    'Set',
    'WeakMap',
    'WeakSet',
    'Uint8Array',
    'Float64Array',
    'BigInt64Array',
    'BigInt',
    'AggregateError',
    'RegExp',
    'Function',
    'JSON',
    'Object',
    'Promise',
    'Iterator',
  ];
  // No call site gives a function.
  const sites = [];
  Error.prepareStackTrace = (_error, list) => {
    for (const site of list) for (const key of ['getFunction', 'getThis']) if (key in site) sites.push(key);
    return list.length;
  };
  const spy = () => {
    void new Error().stack;
    return 1;
  };
  [3, 1, 2].sort(spy);
  'abc'.replace('b', spy);
  'a'.replaceAll('a', spy);
  Array.prototype.join.call({ length: 1, 0: { toString: () => String(spy()) } });
  [{ toString: () => String(spy()) }].join();
  new Map({ [Symbol.iterator]: () => ({ next: () => (spy(), { done: true }) }) });
  JSON.stringify({ toJSON: spy });
  new Set([1]).union({ size: 1, has: spy, keys: () => [].values() });
  delete Error.prepareStackTrace;
  if (sites.length > 0) found.push(...sites);
  // Each constructor that an object leads to is the global one.
  for (const name of names) {
    const Class = globalThis[name];
    if (typeof Class !== 'function') continue;
    if (Class.prototype.constructor !== Class) found.push(`${name}.prototype.constructor`);
    if (Symbol.species in Class && Class[Symbol.species] !== Class) found.push(`${name}[Symbol.species]`);
    let made;
    try {
      made = class extends Class {};
      made = Object.getPrototypeOf(made);
    } catch {
      continue;
    }
    if (made !== Class) found.push(`${name}: a subclass`);
  }
  for (const value of [
    new Uint8Array(1),
    new Map(),
    new Set(),
    new Uint8Array(2).map((x) => x),
    Uint8Array.of(1),
    structured(),
  ]) {
    if (value.constructor !== globalThis[value.constructor.name]) found.push(value.constructor.name);
  }
  function structured() {
    return new Uint8Array([1, 2]).subarray(1).slice().toSorted();
  }
  if (Object.getPrototypeOf(Uint8Array) !== Object.getPrototypeOf(Float64Array)) found.push('TypedArray');
  // What a function shows of itself.
  for (const name of ['join', 'sort', 'concat']) {
    const { [name]: own } = Array.prototype;
    const text = Function.prototype.toString.call(own);
    if (!text.includes('[native code]')) found.push(`the text of ${name}`);
    if (Object.hasOwn(own, 'caller') || Object.hasOwn(own, 'arguments')) found.push(`${name}.caller`);
    if ('prototype' in own) found.push(`${name}.prototype`);
    for (const key of Reflect.ownKeys(own))
      if (key !== 'name' && key !== 'length') found.push(`${name}.${String(key)}`);
  }
  for (const Class of [Map, BigInt, Uint8Array]) if (!String(Class).includes('[native code]')) found.push(Class.name);
  return found.join();
})();
