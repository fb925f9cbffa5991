// `Atomics.wait` and `Atomics.notify`: those of the engine would block the thread past every limit, and know nothing of isolates that
// take turns.
(native) => {
  'use strict';
  const { isObject, replace, toInteger, uncurried } = native;
  const { getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
  const { Atomics, BigInt, BigInt64Array, RangeError, TypeError, Uint8Array } = globalThis;
  const { max, min } = Math;
  const { asIntN } = BigInt;
  const { prototype } = getPrototypeOf(Uint8Array);
  const kindOf = uncurried(getOwnPropertyDescriptor(prototype, Symbol.toStringTag).get);
  const lengthOf = uncurried(getOwnPropertyDescriptor(prototype, 'length').get);
  const bufferOf = uncurried(getOwnPropertyDescriptor(prototype, 'buffer').get);
  const offsetOf = uncurried(getOwnPropertyDescriptor(prototype, 'byteOffset').get);
  const MOST_INDEX = 2 ** 53 - 1;
  const MOST_COUNT = 2 ** 31 - 1;

  function sizeOfWord(array) {
    const kind = isObject(array) ? kindOf(array) : undefined;
    if (kind === 'Int32Array') return 4;
    if (kind === 'BigInt64Array') return 8;
    throw new TypeError('an Int32Array or a BigInt64Array is needed here');
  }

  function indexIn(array, index) {
    const at = toInteger(index);
    if (!(at >= 0 && at <= MOST_INDEX) || at >= lengthOf(array)) {
      throw new RangeError('the array has no element of this index');
    }
    return at;
  }

  function toBigInt(value) {
    if (typeof value === 'bigint') return value;
    const holder = new BigInt64Array(1);
    holder[0] = value;
    return holder[0];
  }

  replace(
    Atomics,
    'wait',
    () =>
      ({
        wait(array, index, value, timeout) {
          const size = sizeOfWord(array);
          const buffer = bufferOf(array);
          if (!native.isShared(buffer)) throw new TypeError('the array must be one of a SharedArrayBuffer');
          const at = indexIn(array, index);
          const wanted = size === 4 ? value | 0 : asIntN(64, toBigInt(value));
          const time = +timeout;
          const millis = time !== time ? Infinity : max(time, 0);
          return native.wait(buffer, offsetOf(array) + at * size, wanted, millis);
        },
      }).wait,
  );

  replace(
    Atomics,
    'notify',
    () =>
      ({
        notify(array, index, count) {
          const size = sizeOfWord(array);
          const at = indexIn(array, index);
          const most = count === undefined ? MOST_COUNT : min(max(toInteger(count), 0), MOST_COUNT);
          // A conversion may have changed the array.
          indexIn(array, at);
          const buffer = bufferOf(array);
          return native.isShared(buffer) ? native.notify(buffer, offsetOf(array) + at * size, most) : 0;
        },
      }).notify,
  );
};
