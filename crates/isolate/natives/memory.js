// Natives of typed arrays and buffers. Their time grows with the memory, which is limited; the host is asked in between, and
// what takes more than a moment for much memory is done piece by piece.
(native) => {
  'use strict';
  const { isObject, replace, replaceConstructor, spend, toInteger, uncurried } = native;
  const { apply, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
  const { ArrayBuffer, BigInt, BigInt64Array, Math, Object, TypeError, Uint8Array } = globalThis;
  const { max, min } = Math;
  const TypedArray = getPrototypeOf(Uint8Array);
  const { prototype } = TypedArray;
  const lengthOf = uncurried(getOwnPropertyDescriptor(prototype, 'length').get);
  const kindOf = uncurried(getOwnPropertyDescriptor(prototype, Symbol.toStringTag).get);
  const sizeOf = uncurried(getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength').get);
  const isView = ArrayBuffer.isView;
  const { iterator: ITERATOR } = Symbol;
  const MUCH = native.elements;
  const PIECE = max(MUCH, 16);

  const classNames = [
    'Int8Array',
    'Uint8Array',
    'Uint8ClampedArray',
    'Int16Array',
    'Uint16Array',
    'Int32Array',
    'Uint32Array',
    'Float16Array',
    'Float32Array',
    'Float64Array',
    'BigInt64Array',
    'BigUint64Array',
  ];
  /** The engine's own. */
  const classes = { __proto__: null };
  for (const name of classNames) classes[name] = globalThis[name];

  const isMuch = (value) => isObject(value) && kindOf(value) !== undefined && lengthOf(value) > MUCH;

  function instead(name, create) {
    replace(prototype, name, (original) => create(original)[name]);
  }

  const linear = ['copyWithin', 'reverse', 'set', 'slice', 'toReversed', 'with'];
  for (const name of linear) {
    instead(name, (original) => ({
      [name](...args) {
        if (isObject(this) && kindOf(this) !== undefined) spend(lengthOf(this));
        return apply(original, this, args);
      },
    }));
  }

  instead('fill', (original) => ({
    fill(value, start, end) {
      if (!isMuch(this)) return apply(original, this, [value, start, end]);
      const isBig = kindOf(this) === 'BigInt64Array' || kindOf(this) === 'BigUint64Array';
      const length = lengthOf(this);
      const number = isBig ? BigInt.asIntN(64, toBigInt(value)) : +value;
      const from = indexOf(start, length);
      const final = end === undefined ? length : indexOf(end, length);
      for (let at = from; at < final; at += PIECE) {
        spend(PIECE);
        apply(original, this, [number, at, min(at + PIECE, final)]);
      }
      if (from >= final) apply(original, this, [number, 0, 0]);
      return this;
    },
  }));

  const toBigInt = (value) => {
    const holder = new BigInt64Array(1);
    holder[0] = value;
    return typeof value === 'bigint' ? value : holder[0];
  };

  function indexOf(value, length) {
    const relative = toInteger(value);
    return relative < 0 ? max(length + relative, 0) : min(relative, length);
  }

  for (const name of ['indexOf', 'includes', 'lastIndexOf', 'join', 'toLocaleString']) {
    instead(name, (original) => ({
      [name](...args) {
        return isMuch(this) ? walk[name](this, args) : apply(original, this, args);
      },
    }));
  }

  /** Loops of JavaScript, which are interrupted. */
  const walk = {
    __proto__: null,
    indexOf(array, args) {
      const length = lengthOf(array);
      for (let index = indexOf(args[1], length); index < length; index++) {
        if (array[index] === args[0] && index < lengthOf(array)) return index;
      }
      return -1;
    },
    includes(array, args) {
      const [value] = args;
      const length = lengthOf(array);
      for (let index = indexOf(args[1], length); index < length; index++) {
        const element = array[index];
        if (element === value || (element !== element && value !== value)) return true;
      }
      return false;
    },
    lastIndexOf(array, args) {
      const length = lengthOf(array);
      const relative = args.length > 1 ? toInteger(args[1]) : length - 1;
      for (let index = relative < 0 ? length + relative : min(relative, length - 1); index >= 0; index--) {
        if (array[index] === args[0] && index < lengthOf(array)) return index;
      }
      return -1;
    },
    join(array, args) {
      const length = lengthOf(array);
      const between = args[0] === undefined ? ',' : `${args[0]}`;
      let text = '';
      for (let index = 0; index < length; index++) {
        if (index > 0) text += between;
        const element = array[index];
        if (element !== undefined) text += `${element}`;
      }
      return text;
    },
    toLocaleString(array) {
      const length = lengthOf(array);
      let text = '';
      for (let index = 0; index < length; index++) {
        if (index > 0) text += ',';
        const element = array[index];
        if (element !== undefined) text += `${element.toLocaleString()}`;
      }
      return text;
    },
  };

  /** The order of numbers, as that of typed arrays. */
  function byNumber(one, other) {
    if (one !== one) return other !== other ? 0 : 1;
    if (other !== other) return -1;
    if (one < other) return -1;
    if (one > other) return 1;
    if (one === 0 && other === 0)
      return Object.is(one, -0) ? (Object.is(other, -0) ? 0 : -1) : Object.is(other, -0) ? 1 : 0;
    return 0;
  }

  const sort = uncurried(prototype.sort);
  const bufferOf = uncurried(getOwnPropertyDescriptor(prototype, 'buffer').get);

  function checkCompare(compare) {
    if (compare !== undefined && typeof compare !== 'function') throw new TypeError('not a function');
    // A native that compares would not be interrupted.
    return compare === undefined ? undefined : (one, other) => apply(compare, undefined, [one, other]);
  }

  instead('sort', (original) => ({
    sort(compare) {
      const order = checkCompare(compare);
      return isMuch(this) ? sortPieces(this, order) : apply(original, this, [order]);
    },
  }));

  instead('toSorted', (original) => ({
    toSorted(compare) {
      const order = checkCompare(compare);
      return isMuch(this) ? sortPieces(new classes[kindOf(this)](this), order) : apply(original, this, [order]);
    },
  }));

  /** The engine sorts pieces; loops of JavaScript, which are interrupted, merge them. */
  function sortPieces(array, order) {
    const Class = classes[kindOf(array)];
    const length = lengthOf(array);
    let from = new Class(length);
    for (let at = 0; at < length; at++) from[at] = array[at];
    for (let at = 0; at < length; at += PIECE) {
      spend(PIECE * 16);
      const piece = new Class(bufferOf(from), at * Class.BYTES_PER_ELEMENT, min(PIECE, length - at));
      sort(piece, order);
    }
    let to = new Class(length);
    for (let size = PIECE; size < length; size *= 2) {
      for (let begin = 0; begin < length; begin += 2 * size) merge(from, to, begin, size, length, order ?? byNumber);
      const merged = to;
      to = from;
      from = merged;
    }
    for (let at = 0; at < length; at++) array[at] = from[at];
    return array;
  }

  function merge(from, to, begin, size, length, order) {
    const middle = min(begin + size, length);
    const end = min(begin + 2 * size, length);
    let left = begin;
    let right = middle;
    for (let at = begin; at < end; at++) {
      const isLeft = right >= end || (left < middle && !(order(from[left], from[right]) > 0));
      to[at] = isLeft ? from[left++] : from[right++];
    }
  }

  // From what is no memory, elements come one by one.
  for (const name of classNames) {
    replaceConstructor(name, (args, create) => {
      const [source] = args;
      if (!isObject(source) || native.isBuffer(source) || isView(source)) return args;
      const known = native.lengthOfArray(source);
      if (known >= 0 && known <= MUCH) return args;
      const method = source[ITERATOR];
      if (method !== undefined && method !== null) {
        return create([{ __proto__: null, [ITERATOR]: native.iteratorOf(source, method) }]);
      }
      const length = native.toLength(source.length);
      const array = create([length]);
      for (let index = 0; index < length; index++) array[index] = source[index];
      return array;
    });
  }

  replace(
    TypedArray,
    'from',
    (original) =>
      ({
        from(source, ...rest) {
          if (!isObject(source) || isView(source)) return apply(original, this, [source, ...rest]);
          const known = native.lengthOfArray(source);
          if (known >= 0 && known <= MUCH) return apply(original, this, [source, ...rest]);
          const [mapper, self] = rest;
          if (!native.isConstructor(this)) throw new TypeError('not a constructor');
          if (mapper !== undefined && typeof mapper !== 'function') throw new TypeError('not a function');
          const method = source[ITERATOR];
          let list = source;
          if (method !== undefined && method !== null) {
            if (typeof method !== 'function') throw new TypeError('not iterable');
            list = [];
            let next = 0;
            for (const value of { __proto__: null, [ITERATOR]: () => apply(method, source, []) })
              native.createData(list, next++, value);
          }
          const length = native.toLength(list.length);
          const array = new this(length);
          if (kindOf(array) === undefined || lengthOf(array) < length)
            throw new TypeError('no typed array of this length');
          for (let index = 0; index < length; index++) {
            const value = list[index];
            array[index] = mapper === undefined ? value : apply(mapper, self, [value, index]);
          }
          return array;
        },
      }).from,
  );

  for (const name of ['slice', 'transfer', 'transferToFixedLength', 'resize']) {
    replace(
      ArrayBuffer.prototype,
      name,
      (original) =>
        ({
          [name](...args) {
            if (native.isBuffer(this) && !native.isShared(this)) spend(sizeOf(this) / 8);
            return apply(original, this, args);
          },
        })[name],
    );
  }
};
