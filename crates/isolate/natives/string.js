// Natives of strings. The engine searches in quadratic time; where that may take long, Rust searches in linear time.
(native) => {
  'use strict';
  const { createData, isObject, replace, spend, toInteger, uncurried } = native;
  const { apply } = Reflect;
  const { Math, RangeError, RegExp, String, TypeError } = globalThis;
  const { prototype } = String;
  const { max, min } = Math;
  const { match: MATCH, replace: REPLACE, split: SPLIT } = Symbol;
  const slice = uncurried(prototype.slice);
  const find = uncurried(prototype.indexOf);
  const code = uncurried(prototype.charCodeAt);
  const test = uncurried(RegExp.prototype.exec);
  /** Comparisons of characters that take a short time. */
  const CHEAP = native.steps;
  const PIECE = max(native.elements, 1);

  function instead(name, create) {
    replace(prototype, name, (original) => create(original)[name]);
  }

  function textOf(value, name) {
    if (value === undefined || value === null)
      throw new TypeError(`String.prototype.${name} called on null or undefined`);
    return `${value}`;
  }

  function isCheap(text, pattern) {
    const steps = text.length * min(pattern.length, text.length);
    if (steps > CHEAP) return false;
    spend(steps);
    return true;
  }

  instead('indexOf', (original) => ({
    indexOf(pattern, position) {
      const text = textOf(this, 'indexOf');
      const searched = `${pattern}`;
      const from = min(max(toInteger(position), 0), text.length);
      return isCheap(text, searched) ? apply(original, text, [searched, from]) : native.indexOf(text, searched, from);
    },
  }));

  instead('lastIndexOf', (original) => ({
    lastIndexOf(pattern, position) {
      const text = textOf(this, 'lastIndexOf');
      const searched = `${pattern}`;
      const number = +position;
      const from = number !== number ? text.length : min(max(toInteger(number), 0), text.length);
      return isCheap(text, searched)
        ? apply(original, text, [searched, from])
        : native.lastIndexOf(text, searched, from);
    },
  }));

  function refuseRegExp(pattern, name) {
    if (!isObject(pattern)) return;
    const matcher = pattern[MATCH];
    if (matcher === undefined ? native.isRegExp(pattern) : matcher) {
      throw new TypeError(`String.prototype.${name}: the first argument is a regular expression`);
    }
  }

  instead('includes', (original) => ({
    includes(pattern, position) {
      const text = textOf(this, 'includes');
      refuseRegExp(pattern, 'includes');
      const searched = `${pattern}`;
      const from = min(max(toInteger(position), 0), text.length);
      if (isCheap(text, searched)) return apply(original, text, [searched, from]);
      return native.indexOf(text, searched, from) >= 0;
    },
  }));

  instead('split', () => ({
    split(separator, limit) {
      if (this === undefined || this === null) textOf(this, 'split');
      if (isObject(separator)) {
        const splitter = separator[SPLIT];
        if (splitter !== undefined && splitter !== null) return callMethod(splitter, separator, [this, limit]);
      }
      const text = `${this}`;
      const most = limit === undefined ? 2 ** 32 - 1 : limit >>> 0;
      const between = `${separator}`;
      const list = [];
      if (most === 0) return list;
      if (separator === undefined) {
        createData(list, 0, text);
        return list;
      }
      const { length } = text;
      if (between === '') {
        const count = min(length, most);
        for (let index = 0; index < count; index++) createData(list, index, text[index]);
        return list;
      }
      const size = between.length;
      let begin = 0;
      let count = 0;
      const next = matchesOf(text, between, most);
      for (let at = next(0); at !== -1; at = next(begin)) {
        createData(list, count++, slice(text, begin, at));
        if (count === most) return list;
        begin = at + size;
      }
      createData(list, count, slice(text, begin));
      return list;
    },
  }));

  /** A function that finds the next match from a position on. */
  function matchesOf(text, pattern, most) {
    if (isCheap(text, pattern)) return (from) => find(text, pattern, from);
    const places = native.allIndexesOf(text, pattern, most);
    let next = 0;
    return () => (next < places.length ? places[next++] : -1);
  }

  function callMethod(method, self, args) {
    if (typeof method !== 'function') throw new TypeError('not a function');
    return apply(method, self, args);
  }

  instead('replace', () => ({
    replace(pattern, replacement) {
      if (this === undefined || this === null) textOf(this, 'replace');
      if (isObject(pattern)) {
        const replacer = pattern[REPLACE];
        if (replacer !== undefined && replacer !== null) return callMethod(replacer, pattern, [this, replacement]);
      }
      const text = `${this}`;
      const searched = `${pattern}`;
      const by = typeof replacement === 'function' ? replacement : `${replacement}`;
      const at = isCheap(text, searched) ? find(text, searched) : native.indexOf(text, searched, 0);
      if (at === -1) return text;
      return slice(text, 0, at) + substitute(by, searched, at, text) + slice(text, at + searched.length);
    },
  }));

  instead('replaceAll', () => ({
    replaceAll(pattern, replacement) {
      if (this === undefined || this === null) textOf(this, 'replaceAll');
      if (isObject(pattern)) {
        const matcher = pattern[MATCH];
        if (matcher === undefined ? native.isRegExp(pattern) : matcher) {
          const { flags } = pattern;
          if (flags === undefined || flags === null)
            throw new TypeError('the flags of the regular expression are missing');
          if (find(`${flags}`, 'g') === -1) throw new TypeError('regexp must have the "g" flag');
        }
        const replacer = pattern[REPLACE];
        if (replacer !== undefined && replacer !== null) return callMethod(replacer, pattern, [this, replacement]);
      }
      const text = `${this}`;
      const searched = `${pattern}`;
      const by = typeof replacement === 'function' ? replacement : `${replacement}`;
      const step = max(searched.length, 1);
      const { length } = text;
      const places = [];
      if (searched === '') for (let at = 0; at <= length; at++) createData(places, at, at);
      else {
        const next = matchesOf(text, searched, 2 ** 32);
        let count = 0;
        for (let at = next(0); at !== -1; at = next(at + step)) createData(places, count++, at);
      }
      let result = '';
      let end = 0;
      for (let index = 0; index < places.length; index++) {
        const at = places[index];
        result += slice(text, end, at);
        result += substitute(by, searched, at, text);
        end = at + searched.length;
      }
      return result + slice(text, end);
    },
  }));

  /** What a match becomes. */
  function substitute(by, matched, at, text) {
    if (typeof by === 'function') return `${by(matched, at, text)}`;
    if (find(by, '$') === -1) return by;
    let result = '';
    const { length } = by;
    for (let index = 0; index < length; index++) {
      const mark = by[index] === '$' ? by[index + 1] : undefined;
      if (mark === '$') result += '$';
      else if (mark === '&') result += matched;
      else if (mark === '`') result += slice(text, 0, at);
      else if (mark === "'") result += slice(text, at + matched.length);
      else {
        result += by[index];
        continue;
      }
      index++;
    }
    return result;
  }

  /** The engine sorts combining marks in quadratic time; no language has words with so many. */
  const tooManyMarks = /\p{M}{2048}/u;

  function checkMarks(text, name) {
    if (text.length > 2048 && test(tooManyMarks, text) !== null) {
      throw new RangeError(`String.prototype.${name}: more than 2048 combining marks follow each other`);
    }
  }

  instead('normalize', (original) => ({
    normalize(form) {
      const text = textOf(this, 'normalize');
      const wanted = form === undefined ? 'NFC' : `${form}`;
      checkMarks(text, 'normalize');
      spend(text.length * 8);
      return apply(original, text, [wanted]);
    },
  }));

  instead('localeCompare', (original) => ({
    localeCompare(other, ...rest) {
      const text = textOf(this, 'localeCompare');
      const compared = `${other}`;
      checkMarks(text, 'localeCompare');
      checkMarks(compared, 'localeCompare');
      spend((text.length + compared.length) * 8);
      return apply(original, text, [compared, ...rest]);
    },
  }));

  // Their time grows with the length alone; the host is asked in between.
  const linear = ['toLocaleUpperCase', 'toLocaleLowerCase', 'trim', 'trimStart', 'trimEnd'];
  for (const name of [
    ...linear,
    'isWellFormed',
    'toWellFormed',
    'startsWith',
    'endsWith',
    'slice',
    'substring',
    'concat',
  ]) {
    instead(name, (original) => ({
      [name](...args) {
        if (typeof this === 'string') spend(this.length);
        return apply(original, this, args);
      },
    }));
  }

  // Pieces between two letters of ASCII, so that neither half of a character nor the end of a word is in between.
  for (const name of ['toUpperCase', 'toLowerCase']) {
    instead(name, (original) => ({
      [name]() {
        const text = textOf(this, name);
        const { length } = text;
        if (length <= PIECE) return apply(original, text, []);
        let result = '';
        for (let begin = 0; begin < length;) {
          let end = begin + PIECE;
          while (end < length && !(isLetter(code(text, end - 1)) && isLetter(code(text, end)))) end++;
          spend(end - begin);
          result += apply(original, slice(text, begin, end), []);
          begin = end;
        }
        return result;
      },
    }));
  }

  function isLetter(unit) {
    const small = unit | 0x20;
    return unit < 0x80 && small >= 0x61 && small <= 0x7a;
  }

  // The engine repeats a long text character by character.
  instead('repeat', (original) => ({
    repeat(count) {
      let power = textOf(this, 'repeat');
      let rest = toInteger(count);
      const total = power.length * rest;
      if (!(rest >= 0 && total > PIECE && total < 2 ** 30)) {
        spend(total > 0 ? min(total, PIECE) : 0);
        return apply(original, power, [rest]);
      }
      let result = '';
      for (;;) {
        if (rest % 2 === 1) result += power;
        rest = (rest - (rest % 2)) / 2;
        if (rest === 0) return result;
        power += power;
        spend(power.length / 8);
      }
    },
  }));

  for (const name of ['padStart', 'padEnd']) {
    instead(name, (original) => ({
      [name](...args) {
        const result = apply(original, this, args);
        spend(result.length);
        return result;
      },
    }));
  }

  // Where `exec` is a function of JavaScript, the engine calls it for each match, which it interrupts.
  replace(
    RegExp.prototype,
    'exec',
    (original) =>
      ({
        exec(text) {
          return apply(original, this, [text]);
        },
      }).exec,
  );

  replace(
    String,
    'raw',
    () =>
      ({
        raw(template, ...values) {
          const cooked = native.toObject(template, 'String.raw');
          const literals = native.toObject(cooked.raw, 'String.raw');
          const length = native.toLength(literals.length);
          let result = '';
          for (let index = 0; index < length; index++) {
            result += `${literals[index]}`;
            if (index + 1 < length && index < values.length) result += `${values[index]}`;
          }
          return result;
        },
      }).raw,
  );
};
