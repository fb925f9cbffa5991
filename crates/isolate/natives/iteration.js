// Natives that take step after step of an iterator.
(native) => {
  'use strict';
  const { interruptible, isObject, replace, replaceConstructor, stepsOf } = native;
  const { apply } = Reflect;
  const { Iterator, Map, Math, Object, Promise, Set } = globalThis;

  /** Functions whose first argument is iterable. */
  for (const [holder, names] of [
    [Object, ['fromEntries', 'groupBy']],
    [Map, ['groupBy']],
    [Promise, ['all', 'allSettled', 'any', 'race']],
    [Math, ['sumPrecise']],
    [Iterator, ['concat']],
  ]) {
    for (const name of names) {
      replace(
        holder,
        name,
        (original) =>
          ({
            [name](...args) {
              if (args.length > 0) args[0] = interruptible(args[0]);
              return apply(original, this, args);
            },
          })[name],
      );
    }
  }

  for (const name of ['Map', 'Set', 'WeakMap', 'WeakSet', 'AggregateError']) {
    replaceConstructor(name, (args) => {
      if (args.length > 0) args[0] = interruptible(args[0]);
      return args;
    });
  }

  // An iterator of ours takes the steps; each is a call of JavaScript.
  const { prototype } = Iterator;
  for (const name of Reflect.ownKeys(prototype)) {
    if (typeof name !== 'string' || name === 'constructor') continue;
    replace(
      prototype,
      name,
      (original) =>
        ({
          [name](...args) {
            return apply(original, isObject(this) ? stepsOf(this) : this, args);
          },
        })[name],
    );
  }

  // Of a set-like argument, the keys are an iterator, and `has` may be a native.
  for (const name of [
    'difference',
    'intersection',
    'isDisjointFrom',
    'isSubsetOf',
    'isSupersetOf',
    'symmetricDifference',
    'union',
  ]) {
    replace(
      Set.prototype,
      name,
      (original) =>
        ({
          [name](...args) {
            if (isObject(args[0])) args[0] = setLike(args[0]);
            return apply(original, this, args);
          },
        })[name],
    );
  }

  function setLike(other) {
    return {
      __proto__: null,
      get size() {
        return other.size;
      },
      get has() {
        const { has } = other;
        return typeof has === 'function' ? (value) => apply(has, other, [value]) : has;
      },
      get keys() {
        const { keys } = other;
        if (typeof keys !== 'function') return keys;
        return () => {
          const iterator = apply(keys, other, []);
          return isObject(iterator) ? stepsOf(iterator) : iterator;
        };
      },
    };
  }

  // A callback that is a native would be called without end.
  for (const holder of [Map.prototype, Set.prototype]) {
    replace(
      holder,
      'forEach',
      (original) =>
        ({
          forEach(callback, self) {
            const called = typeof callback === 'function' ? (...args) => apply(callback, self, args) : callback;
            return apply(original, this, [called]);
          },
        }).forEach,
    );
  }
};
