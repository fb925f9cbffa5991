import assert from 'node:assert/strict';

/** A value, by its expression in the documentation, and the value that arrives if it differs. */
export type Carried = readonly [expression: string, make: () => unknown, arrives?: () => unknown];

class Point {
  x = 1;
}

class ParseError extends SyntaxError {}

/** Values that the serializer `structured` carries: the rows of the table in docs/serializers.md. */
export const carried: readonly Carried[] = [
  [`'text ä€😀'`, () => 'text ä€😀'],
  [`'x'.repeat(100_000)`, () => 'x'.repeat(100_000)],
  [`'\\ud800'`, () => '\ud800'],
  ['-0', () => -0],
  ['NaN', () => NaN],
  ['Infinity', () => Infinity],
  ['12n', () => 12n],
  ['null', () => null],
  ['undefined', () => undefined],
  ['{ a: undefined }', () => ({ a: undefined })],
  ['[undefined]', () => [undefined]],
  ['[1, , 3]', () => Object.assign(Array(3), { 0: 1, 2: 3 })],
  [`Object.assign([1], { name: 'list' })`, () => Object.assign([1], { name: 'list' })],
  ['((o) => (o.self = o))({})', () => ((o: Record<string, unknown>) => (o['self'] = o))({})],
  ['Object.create(null)', () => Object.create(null) as unknown, () => ({})],
  ['new (class Point { x = 1 })()', () => new Point(), () => ({ x: 1 })],
  ['new Date(0)', () => new Date(0)],
  ['/a/gi', () => /a/gi],
  ['new Map([[{ a: 1 }, 2]])', () => new Map([[{ a: 1 }, 2]])],
  [`new Set([1, 'a'])`, () => new Set([1, 'a'])],
  [`Object('text')`, () => Object('text') as unknown],
  ['Object(1n)', () => Object(1n) as unknown],
  [`Buffer.from('ab')`, () => Buffer.from('ab')],
  ['new Uint8Array([1, 2])', () => new Uint8Array([1, 2])],
  ['new Float64Array([0.5])', () => new Float64Array([0.5])],
  ['new BigUint64Array([1n])', () => new BigUint64Array([1n])],
  ['new DataView(new ArrayBuffer(2))', () => new DataView(new ArrayBuffer(2))],
  ['new ArrayBuffer(2)', () => new ArrayBuffer(2)],
  [`new RangeError('too far')`, () => new RangeError('too far')],
  [
    `Object.assign(new Error('lost'), { code: 'E_LOST', at: 5 })`,
    () => Object.assign(new Error('lost'), { code: 'E_LOST', at: 5 }),
  ],
  [
    `new Error('outer', { cause: new TypeError('inner') })`,
    () => new Error('outer', { cause: new TypeError('inner') }),
  ],
  [`new AggregateError([new Error('a')], 'all')`, () => new AggregateError([new Error('a')], 'all')],
  [
    `new (class ParseError extends SyntaxError {})('bad')`,
    () => new ParseError('bad'),
    () => Object.defineProperty(new SyntaxError('bad'), 'name', { value: 'ParseError' }),
  ],
];

/** Values that it refuses. */
export const refused: readonly Carried[] = [
  ['new SharedArrayBuffer(2)', () => new SharedArrayBuffer(2)],
  [`new URL('http://a/')`, () => new URL('http://a/')],
  [`{ query: new URLSearchParams('a=1') }`, () => ({ query: new URLSearchParams('a=1') })],
  ['new Map([[1, new Headers()]])', () => new Map([[1, new Headers()]])],
  ['() => 1', () => () => 1],
  ['{ act() {} }', () => ({ act() {} })],
  [`Symbol('s')`, () => Symbol('s')],
  ['new WeakMap()', () => new WeakMap()],
  ['Promise.resolve(1)', () => Promise.resolve(1)],
];

/**
 * Asserts that two values are equal, including members of errors that `deepStrictEqual` ignores in some versions of
 * Node.
 */
export function assertSame(actual: unknown, expected: unknown, what: string): void {
  assert.deepStrictEqual(actual, expected, `${what} has become something else`);
  if (expected instanceof Error) assert.deepStrictEqual(told(actual), told(expected), what);
}

function told(value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  const { name, message, cause, errors, ...own } = value as Error & { errors?: unknown[] };
  return { name, message, cause: told(cause), errors: errors?.map(told), own };
}
