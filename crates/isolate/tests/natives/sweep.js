// Any built-in function with huge values, by a number: `sweep(seed)` calls one, `told(seed)` says which.
var functions = [];
(() => {
  const seen = new Set([globalThis]);
  const look = (holder, path) => {
    for (const key of Reflect.ownKeys(holder)) {
      const member = Reflect.getOwnPropertyDescriptor(holder, key);
      for (const value of [member.value, member.get, member.set]) {
        if ((typeof value !== 'function' && typeof value !== 'object') || value === null || seen.has(value)) continue;
        seen.add(value);
        const place = `${path}.${String(key)}`;
        if (typeof value === 'function') functions.push([place, value]);
        look(value, place);
        const prototype = Reflect.getPrototypeOf(value);
        if (prototype !== null && !seen.has(prototype))
          (look(prototype, `${place}.[[Prototype]]`), seen.add(prototype));
      }
    }
  };
  look(globalThis, 'global');
  look([].values().__proto__, 'ArrayIterator');
  look([].values().map((x) => x).__proto__, 'IteratorHelper');
  look(new Map().entries().__proto__, 'MapIterator');
  look(''.matchAll(/x/g).__proto__, 'RegExpStringIterator');
  // What ends the program, or waits for others, is no matter of time here.
  functions = functions.filter(([place]) => !/\.(eval|wait|waitAsync|functions|sweep|told)$/.test(place));
})();
var huge = {
  endless: () => ({ length: 2 ** 53 - 1 }),
  long: () => ({ length: 2 ** 32 - 1, 0: 1 }),
  holes: () => new Array(2 ** 32 - 1),
  array: () => new Array(1e6).fill(1),
  texts: () => Array.from({ length: 1e5 }, (_, index) => `text ${index}`),
  nested: () => {
    let nested = [];
    for (let index = 0; index < 40; index++) nested = [nested, nested];
    return nested;
  },
  deep: () => {
    let deep = [];
    for (let index = 0; index < 1e5; index++) deep = [deep];
    return deep;
  },
  text: () => 'x'.repeat(1e7),
  spaces: () => ' '.repeat(1e7),
  wide: () => '\u4e2d'.repeat(4e6),
  marks: () => 'a' + '\u0301\u0327'.repeat(2e5),
  digits: () => '9'.repeat(1e6),
  pattern: () => 'x'.repeat(1e5) + 'y',
  bytes: () => new Uint8Array(2e7),
  doubles: () => new Float64Array(2e6),
  bigs: () => new BigInt64Array(2e6),
  buffer: () => new ArrayBuffer(2e7, { maxByteLength: 3e7 }),
  shared: () => new SharedArrayBuffer(2e7),
  view: () => new DataView(new ArrayBuffer(1e7)),
  bigint: () => 2n ** 60000n,
  map: () => new Map(Array.from({ length: 1e5 }, (_, index) => [index, index])),
  set: () => new Set(Array.from({ length: 1e5 }, (_, index) => index)),
  object: () => Object.fromEntries(Array.from({ length: 1e5 }, (_, index) => [`k${index}`, index])),
  steps: () => [].values.call({ length: 2 ** 53 - 1 }),
  same: () => ({
    next: Object.prototype.valueOf,
    value: [1, 2],
    [Symbol.iterator]: Object.prototype.valueOf,
    size: Infinity,
    has: Boolean,
    keys: Object.prototype.valueOf,
  }),
  proxy: () => new Proxy({ length: 2 ** 40 }, { defineProperty: Boolean, set: Boolean }),
  regexp: () => /x/g,
  empty: () => /(?:)/g,
  bomb: () => /(x*)*y/,
  abs: () => Math.abs,
  max: () => Math.max,
  self: () => Object.prototype.valueOf,
  truth: () => Boolean,
  identity: () => (value) => value,
  promise: () => Promise.resolve(),
  date: () => new Date(),
  error: () => new Error('x'.repeat(1e6)),
  safe: () => 2 ** 53 - 1,
  word: () => 2 ** 32 - 1,
  million: () => 1e6,
  minus: () => -1,
  zero: () => 0,
  none: () => undefined,
  infinite: () => Infinity,
};
/** For a part of the place of a function, what it may be called on. */
var receivers = {
  'Array.[[Proto': ['bytes', 'doubles', 'bigs'],
  '8Array.': ['bytes', 'doubles', 'bigs'],
  'Array.prototype': ['endless', 'long', 'holes', 'array', 'texts', 'nested', 'deep', 'same', 'proxy'],
  'String.prototype': ['text', 'spaces', 'wide', 'marks', 'digits', 'pattern', 'error'],
  'RegExp.prototype': ['regexp', 'empty', 'bomb'],
  'Map.prototype': ['map'],
  'Set.prototype': ['set'],
  'BigInt.prototype': ['bigint'],
  'ArrayBuffer.prototype': ['buffer', 'shared'],
  'DataView.prototype': ['view'],
  'Promise.prototype': ['promise'],
  'Promise.': ['promise'],
  'Date.prototype': ['date'],
  Iterator: ['steps', 'same'],
};
function choice(seed) {
  let state = BigInt(seed) | 1n;
  const below = (limit) => {
    state ^= (state << 13n) & 0xffffffffffffffffn;
    state ^= state >> 7n;
    state ^= (state << 17n) & 0xffffffffffffffffn;
    return Number(state % BigInt(limit));
  };
  for (let index = 0; index < 5; index++) below(2);
  const names = Object.keys(huge);
  const chosen = functions[below(functions.length)];
  const fitting = Object.entries(receivers).find(([kind]) => chosen[0].includes(kind))?.[1] ?? names;
  const selves = below(4) === 0 ? names : fitting;
  const self = selves[below(selves.length)];
  const args = Array.from({ length: below(4) }, () => names[below(names.length)]);
  return { chosen, self, args, isNew: below(4) === 0 };
}
function told(seed) {
  const { chosen, self, args, isNew } = choice(seed);
  return `${isNew ? 'new ' : ''}${chosen[0]} on ${self} (${args.join(', ')})`;
}
function sweep(seed) {
  const { chosen, self, args, isNew } = choice(seed);
  const given = args.map((name) => huge[name]());
  const receiver = huge[self]();
  start();
  if (isNew) return void Reflect.construct(chosen[1], given);
  Reflect.apply(chosen[1], receiver, given);
}
