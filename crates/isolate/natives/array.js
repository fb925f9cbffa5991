// Natives of arrays whose loops the engine does not interrupt. An array of moderate length is left to the engine; whatever
// else has a length is walked here, in the order of the language's specification.
(native) => {
  'use strict';
  const { createData, isObject, replace, spend, toInteger, toLength, toObject, uncurried } = native;
  const { apply, getPrototypeOf } = Reflect;
  const { Array, Math, RangeError, TypeError } = globalThis;
  const { isArray, prototype } = Array;
  const { min, max } = Math;
  const objectPrototype = Object.prototype;
  const { isConcatSpreadable: SPREADABLE, iterator: ITERATOR, species: SPECIES } = Symbol;
  const sortList = uncurried(prototype.sort);
  const isConstructor = native.isConstructor;
  const MODERATE = native.elements;
  const FEW = min(1000, MODERATE);
  const MAX = 2 ** 53 - 1;

  /** Whether a native takes a short time for it. */
  function isModerate(value) {
    const length = native.lengthOfArray(value);
    if (length < 0 || length > MODERATE) return false;
    spend(length);
    // A long chain of prototypes would be searched for each hole.
    return length <= FEW || (getPrototypeOf(value) === prototype && getPrototypeOf(prototype) === objectPrototype);
  }

  function instead(name, create) {
    replace(prototype, name, (original) => create(original)[name]);
  }

  function newArray(length) {
    if (length > 2 ** 32 - 1) throw new RangeError('invalid array length');
    const array = [];
    array.length = length;
    return array;
  }

  replace(
    Array,
    'from',
    () =>
      ({
        from(items, mapper, self) {
          if (mapper !== undefined && typeof mapper !== 'function') throw new TypeError('Array.from: not a function');
          const map = mapper === undefined ? (value) => value : (value, index) => apply(mapper, self, [value, index]);
          const method = items[ITERATOR];
          let next = 0;
          if (method !== undefined && method !== null) {
            if (typeof method !== 'function') throw new TypeError('Array.from: not iterable');
            const result = isConstructor(this) ? new this() : [];
            for (const value of { __proto__: null, [ITERATOR]: () => apply(method, items, []) }) {
              createData(result, next, map(value, next));
              next++;
            }
            result.length = next;
            return result;
          }
          const source = toObject(items, 'Array.from');
          const length = toLength(source.length);
          const result = isConstructor(this) ? new this(length) : newArray(length);
          for (; next < length; next++) createData(result, next, map(source[next], next));
          result.length = length;
          return result;
        },
      }).from,
  );

  function speciesCreate(original, length) {
    if (!isArray(original)) return newArray(length);
    let Class = original.constructor;
    if (isObject(Class)) {
      Class = Class[SPECIES];
      if (Class === null) Class = undefined;
    }
    if (Class === undefined) return newArray(length);
    if (!isConstructor(Class)) throw new TypeError('the species of the array is no constructor');
    return new Class(length);
  }

  /** An index from a relative one. */
  function indexOf(value, length) {
    const relative = toInteger(value);
    return relative < 0 ? max(length + relative, 0) : min(relative, length);
  }

  /** Moves a member, or its absence. */
  function move(object, from, to) {
    if (from in object) object[to] = object[from];
    else delete object[to];
  }

  instead('join', (original) => ({
    join(separator) {
      if (isModerate(this)) return apply(original, this, [separator]);
      const object = toObject(this, 'join');
      const length = toLength(object.length);
      const between = separator === undefined ? ',' : `${separator}`;
      let text = '';
      for (let index = 0; index < length; index++) {
        if (index > 0) text += between;
        const element = object[index];
        if (element !== undefined && element !== null) text += `${element}`;
      }
      return text;
    },
  }));

  instead('toLocaleString', (original) => ({
    toLocaleString() {
      if (isModerate(this)) return apply(original, this, []);
      const object = toObject(this, 'toLocaleString');
      const length = toLength(object.length);
      let text = '';
      for (let index = 0; index < length; index++) {
        if (index > 0) text += ',';
        const element = object[index];
        if (element !== undefined && element !== null) text += `${element.toLocaleString()}`;
      }
      return text;
    },
  }));

  instead('reverse', (original) => ({
    reverse() {
      if (isModerate(this)) return apply(original, this, []);
      const object = toObject(this, 'reverse');
      const length = toLength(object.length);
      for (let lower = 0, upper = length - 1; lower < upper; lower++, upper--) {
        const hasLower = lower in object;
        const lowerValue = hasLower ? object[lower] : undefined;
        const hasUpper = upper in object;
        const upperValue = hasUpper ? object[upper] : undefined;
        if (hasUpper) object[lower] = upperValue;
        else if (hasLower) delete object[lower];
        if (hasLower) object[upper] = lowerValue;
        else if (hasUpper) delete object[upper];
      }
      return object;
    },
  }));

  instead('copyWithin', (original) => ({
    copyWithin(target, start, end) {
      if (isModerate(this)) return apply(original, this, [target, start, end]);
      const object = toObject(this, 'copyWithin');
      const length = toLength(object.length);
      let to = indexOf(target, length);
      let from = indexOf(start, length);
      const final = end === undefined ? length : indexOf(end, length);
      let count = min(final - from, length - to);
      let step = 1;
      if (from < to && to < from + count) {
        step = -1;
        from += count - 1;
        to += count - 1;
      }
      for (; count > 0; count--, from += step, to += step) move(object, from, to);
      return object;
    },
  }));

  instead('fill', (original) => ({
    fill(value, start, end) {
      if (isModerate(this)) return apply(original, this, [value, start, end]);
      const object = toObject(this, 'fill');
      const length = toLength(object.length);
      const from = indexOf(start, length);
      const final = end === undefined ? length : indexOf(end, length);
      for (let index = from; index < final; index++) object[index] = value;
      return object;
    },
  }));

  instead('shift', (original) => ({
    shift() {
      if (isModerate(this)) return apply(original, this, []);
      const object = toObject(this, 'shift');
      const length = toLength(object.length);
      if (length === 0) {
        object.length = 0;
        return undefined;
      }
      const first = object[0];
      for (let index = 1; index < length; index++) move(object, index, index - 1);
      delete object[length - 1];
      object.length = length - 1;
      return first;
    },
  }));

  instead('unshift', (original) => ({
    unshift(...items) {
      if (isModerate(this)) return apply(original, this, items);
      const object = toObject(this, 'unshift');
      const length = toLength(object.length);
      const count = items.length;
      if (count > 0) {
        if (length + count > MAX) throw new TypeError('the array would be too long');
        for (let index = length; index > 0; index--) move(object, index - 1, index + count - 1);
        for (let index = 0; index < count; index++) object[index] = items[index];
      }
      object.length = length + count;
      return length + count;
    },
  }));

  instead('slice', (original) => ({
    slice(start, end) {
      if (isModerate(this)) return apply(original, this, [start, end]);
      const object = toObject(this, 'slice');
      const length = toLength(object.length);
      const from = indexOf(start, length);
      const final = end === undefined ? length : indexOf(end, length);
      const result = speciesCreate(object, max(final - from, 0));
      let next = 0;
      for (let index = from; index < final; index++, next++) {
        if (index in object) createData(result, next, object[index]);
      }
      result.length = next;
      return result;
    },
  }));

  instead('splice', (original) => ({
    splice(...args) {
      if (isModerate(this)) return apply(original, this, args);
      const object = toObject(this, 'splice');
      const length = toLength(object.length);
      const from = indexOf(args[0], length);
      const count = args.length;
      const added = max(count - 2, 0);
      const removed = count === 0 ? 0 : count === 1 ? length - from : min(max(toInteger(args[1]), 0), length - from);
      if (length + added - removed > MAX) throw new TypeError('the array would be too long');
      const result = speciesCreate(object, removed);
      for (let index = 0; index < removed; index++) {
        if (from + index in object) createData(result, index, object[from + index]);
      }
      result.length = removed;
      if (added < removed) {
        for (let index = from; index < length - removed; index++) move(object, index + removed, index + added);
        for (let index = length; index > length - removed + added; index--) delete object[index - 1];
      } else if (added > removed) {
        for (let index = length - removed; index > from; index--) move(object, index + removed - 1, index + added - 1);
      }
      for (let index = 0; index < added; index++) object[from + index] = args[index + 2];
      object.length = length - removed + added;
      return result;
    },
  }));

  instead('concat', (original) => ({
    concat(...items) {
      let isEasy = isModerate(this);
      for (let index = 0; isEasy && index < items.length; index++) {
        isEasy = !isObject(items[index]) || isModerate(items[index]);
      }
      if (isEasy) return apply(original, this, items);
      const object = toObject(this, 'concat');
      const result = speciesCreate(object, 0);
      let next = 0;
      for (let at = -1; at < items.length; at++) {
        const item = at === -1 ? object : items[at];
        if (isSpreadable(item)) {
          const length = toLength(item.length);
          if (next + length > MAX) throw new TypeError('the array would be too long');
          for (let index = 0; index < length; index++, next++) {
            if (index in item) createData(result, next, item[index]);
          }
        } else {
          if (next >= MAX) throw new TypeError('the array would be too long');
          createData(result, next++, item);
        }
      }
      result.length = next;
      return result;
    },
  }));

  function isSpreadable(item) {
    if (!isObject(item)) return false;
    const spreadable = item[SPREADABLE];
    return spreadable === undefined ? isArray(item) : Boolean(spreadable);
  }

  instead('flat', () => ({
    flat(depth) {
      const object = toObject(this, 'flat');
      const length = toLength(object.length);
      let deep = 1;
      if (depth !== undefined) deep = max(toInteger(depth), 0);
      const result = speciesCreate(object, 0);
      flatten(result, object, length, 0, deep);
      return result;
    },
  }));

  instead('flatMap', () => ({
    flatMap(callback, self) {
      const object = toObject(this, 'flatMap');
      const length = toLength(object.length);
      if (typeof callback !== 'function') throw new TypeError('flatMap: not a function');
      const result = speciesCreate(object, 0);
      let next = 0;
      for (let index = 0; index < length; index++) {
        if (!(index in object)) continue;
        const element = apply(callback, self, [object[index], index, object]);
        if (isArray(element)) next = flatten(result, element, toLength(element.length), next, 0);
        else createData(result, next++, element);
      }
      return result;
    },
  }));

  function flatten(result, source, length, begin, depth) {
    let next = begin;
    for (let index = 0; index < length; index++) {
      if (!(index in source)) continue;
      const element = source[index];
      if (depth > 0 && isArray(element)) next = flatten(result, element, toLength(element.length), next, depth - 1);
      else createData(result, next++, element);
    }
    return next;
  }

  // The engine interrupts them, but not where it compares the elements of an ordinary array.
  for (const name of ['includes', 'indexOf', 'lastIndexOf']) {
    instead(name, (original) => ({
      [name](...args) {
        spend(max(native.lengthOfArray(this), 0));
        return apply(original, this, args);
      },
    }));
  }

  /** The order of texts; a call of JavaScript, which is interrupted. */
  function byText(one, other) {
    const left = `${one}`;
    const right = `${other}`;
    return left < right ? -1 : right < left ? 1 : 0;
  }

  function comparison(compare) {
    return compare === undefined ? byText : (one, other) => apply(compare, undefined, [one, other]);
  }

  instead('sort', (original) => ({
    sort(compare) {
      if (compare !== undefined && typeof compare !== 'function') throw new TypeError('not a function');
      const known = native.lengthOfArray(this);
      if (known >= 0 && known <= FEW) return apply(original, this, [compare]);
      const object = toObject(this, 'sort');
      const length = toLength(object.length);
      const list = [];
      for (let index = 0, next = 0; index < length; index++) {
        if (index in object) createData(list, next++, object[index]);
      }
      sortList(list, comparison(compare));
      const count = list.length;
      for (let index = 0; index < count; index++) object[index] = list[index];
      for (let index = count; index < length; index++) delete object[index];
      return object;
    },
  }));

  instead('toSorted', (original) => ({
    toSorted(compare) {
      if (compare !== undefined && typeof compare !== 'function') throw new TypeError('not a function');
      const known = native.lengthOfArray(this);
      if (known >= 0 && known <= FEW) return apply(original, this, [compare]);
      const list = copyOf(toObject(this, 'toSorted'));
      return sortList(list, comparison(compare));
    },
  }));

  function copyOf(object) {
    const length = toLength(object.length);
    const list = newArray(length);
    for (let index = 0; index < length; index++) createData(list, index, object[index]);
    return list;
  }

  instead('toReversed', (original) => ({
    toReversed() {
      if (isModerate(this)) return apply(original, this, []);
      const object = toObject(this, 'toReversed');
      const length = toLength(object.length);
      const list = newArray(length);
      for (let index = 0; index < length; index++) createData(list, index, object[length - index - 1]);
      return list;
    },
  }));

  instead('with', (original) => ({
    with(index, value) {
      if (isModerate(this)) return apply(original, this, [index, value]);
      const object = toObject(this, 'with');
      const length = toLength(object.length);
      const relative = toInteger(index);
      const actual = relative >= 0 ? relative : length + relative;
      if (actual >= length || actual < 0) throw new RangeError('invalid array index');
      const list = newArray(length);
      for (let at = 0; at < length; at++) createData(list, at, at === actual ? value : object[at]);
      return list;
    },
  }));

  instead('toSpliced', (original) => ({
    toSpliced(...args) {
      if (isModerate(this)) return apply(original, this, args);
      const object = toObject(this, 'toSpliced');
      const length = toLength(object.length);
      const from = indexOf(args[0], length);
      const count = args.length;
      const skipped = count === 0 ? 0 : count === 1 ? length - from : min(max(toInteger(args[1]), 0), length - from);
      const added = max(count - 2, 0);
      const total = length + added - skipped;
      if (total > MAX) throw new TypeError('the array would be too long');
      const list = newArray(total);
      let next = 0;
      for (; next < from; next++) createData(list, next, object[next]);
      for (let index = 0; index < added; index++) createData(list, next++, args[index + 2]);
      for (let index = from + skipped; next < total; index++) createData(list, next++, object[index]);
      return list;
    },
  }));
};
