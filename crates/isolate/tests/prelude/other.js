{
  const value = { date: new Date(5), map: new Map([[1, { a: [1, 2] }]]), error: new RangeError('r'), big: 10n ** 30n };
  value.self = value;
  const copy = structuredClone(value);
  check('a copy', copy !== value && copy.self === copy && copy.date.getTime() === 5 && copy.map.get(1).a[1] === 2);
  check('errors', copy.error instanceof RangeError && copy.error.message === 'r' && copy.big === 10n ** 30n);
  throws('functions', () => structuredClone({ a: () => 1 }), /DataCloneError: it\.a is a function/);
  throws('nothing', () => structuredClone(), /TypeError/);
  const buffer = new ArrayBuffer(8);
  const moved = structuredClone({ buffer }, { transfer: [buffer] });
  check('moved', moved.buffer.byteLength === 8 && buffer.detached);
  throws('what cannot move', () => structuredClone(1, { transfer: [{}] }), /DataCloneError/);
  check('primitives', structuredClone('x') === 'x' && Object.is(structuredClone(-0), -0));
  check('text', atob(btoa('hello')) === 'hello' && btoa('\u00ff') === '/w==');
  throws('wide text', () => btoa('\u4e2d'), /InvalidCharacterError/);
  throws('no text', () => atob('*'), /InvalidCharacterError/);
  const random = crypto.getRandomValues(new Uint32Array(8));
  check('random', random instanceof Uint32Array && random.some((number) => number !== 0));
  check('another one', crypto.getRandomValues(new Uint32Array(8)).join() !== random.join());
  throws('floats', () => crypto.getRandomValues(new Float64Array(1)), /TypeMismatchError/);
  throws('too many', () => crypto.getRandomValues(new Uint8Array(65537)), /QuotaExceededError/);
  check('uuid', /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/.test(crypto.randomUUID()));
  const start = performance.now();
  check('performance', typeof start === 'number' && performance.now() >= start && performance.timeOrigin > 0);
  let order = '';
  queueMicrotask(() => {
    order += 'b';
    check('microtasks', order === 'ab');
  });
  order += 'a';
  for (const name of [
    'process',
    'require',
    'fetch',
    'std',
    'os',
    'bjson',
    'print',
    'console',
    'setTimeout',
    'navigator',
    'gc',
  ]) {
    check(`no ${name}`, !(name in globalThis));
  }
}
