// Natives of big integers. Those of the engine take quadratic time for decimal digits.
(native) => {
  'use strict';
  const { replace, spend, uncurried } = native;
  const { apply } = Reflect;
  const { BigInt, RangeError, String, TypeError } = globalThis;
  const { prototype } = BigInt;
  const { min } = Math;
  const asText = uncurried(prototype.toString);
  const valueOf = uncurried(prototype.valueOf);
  const padStart = uncurried(String.prototype.padStart);
  /** So many digits take a short time. */
  const FEW = native.digits;
  const LARGE = 1n << BigInt(FEW * 4);
  /** More digits are refused when they are read. */
  const MOST = 65_536;

  replace(
    prototype,
    'toString',
    (original) =>
      ({
        toString(radix) {
          const value = valueOf(this);
          const base = radix === undefined ? 10 : native.toInteger(radix);
          const isPowerOfTwo = (base & (base - 1)) === 0;
          if (base < 2 || base > 36 || isPowerOfTwo || (value < LARGE && value > -LARGE))
            return apply(original, value, [base]);
          // Pieces of equal length, the lowest first.
          const size = min(512, FEW + 1);
          const divisor = BigInt(base) ** BigInt(size);
          let rest = value < 0n ? -value : value;
          let text = '';
          while (rest !== 0n) {
            spend(100_000);
            const quotient = rest / divisor;
            const digits = asText(rest - quotient * divisor, base);
            text = (quotient === 0n ? digits : padStart(digits, size, '0')) + text;
            rest = quotient;
          }
          return value < 0n ? `-${text}` : text;
        },
      }).toString,
  );

  replace(
    prototype,
    'toLocaleString',
    () =>
      ({
        toLocaleString() {
          return valueOf(this).toString();
        },
      }).toLocaleString,
  );

  function check(value) {
    if (typeof value === 'string' && value.length > FEW) {
      if (value.length > MOST && !/^\s*0[xob]/i.test(value)) {
        throw new RangeError(`BigInt: ${value.length} digits are more than ${MOST}; give hexadecimal digits`);
      }
      spend(value.length * 100);
    }
    return value;
  }

  native.replaceConstructor(
    'BigInt',
    (args) => args,
    (args) => {
      if (args.length > 0) args[0] = check(native.isObject(args[0]) ? toPrimitive(args[0]) : args[0]);
      return args;
    },
  );

  /** As the language asks an object for a number. */
  function toPrimitive(object) {
    const method = object[Symbol.toPrimitive];
    if (method !== undefined && method !== null) {
      const value = apply(method, object, ['number']);
      if (!native.isObject(value)) return value;
      throw new TypeError('toPrimitive');
    }
    for (const name of ['valueOf', 'toString']) {
      const convert = object[name];
      if (typeof convert !== 'function') continue;
      const value = apply(convert, object, []);
      if (!native.isObject(value)) return value;
    }
    throw new TypeError('toPrimitive');
  }
};
