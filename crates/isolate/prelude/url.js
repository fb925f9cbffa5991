// `URL` and `URLSearchParams`.
(native) => {
  'use strict';
  const { define } = native;
  const parts = ['protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'hash'];
  let follow;

  class URLSearchParams {
    #pairs = [];
    /** Is called after each change. */
    #changed;

    constructor(init = '') {
      if (typeof init === 'object' && init !== null) this.#pairs = pairsOf(init);
      else this.#pairs = parse(`${init}`.replace(/^\?/, ''));
    }

    static {
      follow = {
        connect(params, changed) {
          params.#changed = changed;
        },
        read(params, query) {
          params.#pairs = parse(query);
        },
      };
    }

    get size() {
      return this.#pairs.length;
    }

    append(name, value) {
      this.#pairs.push([`${name}`, `${value}`]);
      this.#changed?.();
    }

    delete(name, value) {
      this.#pairs = this.#pairs.filter((pair) => !matches(pair, name, value));
      this.#changed?.();
    }

    get(name) {
      return this.#pairs.find((pair) => matches(pair, name))?.[1] ?? null;
    }

    getAll(name) {
      return this.#pairs.filter((pair) => matches(pair, name)).map((pair) => pair[1]);
    }

    has(name, value) {
      return this.#pairs.some((pair) => matches(pair, name, value));
    }

    set(name, value) {
      const first = this.#pairs.findIndex((pair) => matches(pair, name));
      if (first === -1) return this.append(name, value);
      this.#pairs[first][1] = `${value}`;
      this.#pairs = this.#pairs.filter((pair, index) => index <= first || !matches(pair, name));
      this.#changed?.();
    }

    sort() {
      this.#pairs.sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0));
      this.#changed?.();
    }

    forEach(callback, self) {
      for (const [name, value] of this) native.apply(callback, self, [value, name, this]);
    }

    *entries() {
      for (let index = 0; index < this.#pairs.length; index++) {
        const [name, value] = this.#pairs[index];
        yield [name, value];
      }
    }

    *keys() {
      for (const [name] of this.entries()) yield name;
    }

    *values() {
      for (const [, value] of this.entries()) yield value;
    }

    toString() {
      return this.#pairs.map(([name, value]) => `${native.encodeForm(name)}=${native.encodeForm(value)}`).join('&');
    }
  }

  Reflect.defineProperty(URLSearchParams.prototype, Symbol.iterator, {
    __proto__: null,
    value: URLSearchParams.prototype.entries,
    writable: true,
    configurable: true,
  });

  function pairsOf(init) {
    if (typeof init[Symbol.iterator] !== 'function') {
      return Object.keys(init).map((name) => [name.toWellFormed(), `${init[name]}`.toWellFormed()]);
    }
    return Array.from(init, (pair) => {
      const both = Array.from(pair);
      if (both.length !== 2) throw new TypeError('URLSearchParams: an item is no pair of a name and a value');
      return both.map((text) => `${text}`.toWellFormed());
    });
  }

  function parse(query) {
    return query
      .split('&')
      .filter((item) => item !== '')
      .map((item) => {
        const at = item.indexOf('=');
        const both = at === -1 ? [item, ''] : [item.slice(0, at), item.slice(at + 1)];
        return both.map((text) => native.decodeForm(text));
      });
  }

  function matches([name, value], wanted, wantedValue) {
    return name === `${wanted}` && (wantedValue === undefined || value === `${wantedValue}`);
  }

  class URL {
    #href;
    #params;

    constructor(url, base) {
      if (arguments.length === 0) throw native.fail(TypeError, 'URL: the address is missing', 'ERR_MISSING_ARGS');
      this.#href = resolve(url, base);
      if (this.#href === undefined) throw invalid(url);
    }

    static canParse(url, base) {
      return resolve(url, base) !== undefined;
    }

    static parse(url, base) {
      return URL.canParse(url, base) ? new URL(url, base) : null;
    }

    static {
      for (const part of parts) {
        Reflect.defineProperty(URL.prototype, part, {
          __proto__: null,
          configurable: true,
          enumerable: true,
          get() {
            return native.urlPart(this.#href, part);
          },
          set(value) {
            this.#href = native.setUrlPart(this.#href, part, `${value}`);
            if (part === 'search') this.#readParams();
          },
        });
      }
    }

    get href() {
      return this.#href;
    }

    set href(url) {
      const href = resolve(url);
      if (href === undefined) throw invalid(url);
      this.#href = href;
      this.#readParams();
    }

    get origin() {
      return native.urlPart(this.#href, 'origin');
    }

    get searchParams() {
      if (this.#params === undefined) {
        this.#params = new URLSearchParams();
        this.#readParams();
        follow.connect(this.#params, () => {
          this.#href = native.setUrlPart(this.#href, 'search', this.#params.toString());
        });
      }
      return this.#params;
    }

    #readParams() {
      if (this.#params !== undefined) follow.read(this.#params, this.search.slice(1));
    }

    toString() {
      return this.#href;
    }

    toJSON() {
      return this.#href;
    }
  }

  function resolve(url, base) {
    return native.parseUrl(`${url}`, base === undefined ? undefined : `${base}`);
  }

  function invalid(url) {
    const error = native.fail(TypeError, 'Invalid URL', 'ERR_INVALID_URL');
    error.input = `${url}`;
    return error;
  }

  define('URLSearchParams', URLSearchParams);
  define('URL', URL);
};
