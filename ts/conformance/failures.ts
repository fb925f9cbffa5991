import type { FailureName } from './messages.js';

class PaymentError extends Error {
  readonly amount = 12.5;
  readonly card = { last: '4242' };
}

const makers: Record<FailureName, () => unknown> = {
  Error: () => new Error('of class Error'),
  TypeError: () => new TypeError('of class TypeError'),
  RangeError: () => new RangeError('of class RangeError'),
  SyntaxError: () => new SyntaxError('of class SyntaxError'),
  ReferenceError: () => new ReferenceError('of class ReferenceError'),
  URIError: () => new URIError('of class URIError'),
  EvalError: () => new EvalError('of class EvalError'),
  custom: () => new PaymentError('declined: ä€😀\n"\\'),
  textCode: () => Object.assign(new Error('with a code'), { code: 'E_CODED' }),
  numberCode: () => Object.assign(new Error('with a code'), { code: 42 }),
  cause: () =>
    new Error('outer', {
      cause: new TypeError('middle', { cause: Object.assign(new Error('inner'), { code: 'E_INNER' }) }),
    }),
  valueCause: () => new Error('outer', { cause: { reason: ['a', 1] } }),
  aggregate: () => new AggregateError([new TypeError('first'), 'second', new RangeError('third')], 'several'),
  properties: () => Object.assign(new Error('with properties'), { status: 404, detail: { list: [1, 2] }, none: null }),
  string: () => 'just a string',
  object: () => ({ status: 500, list: [1] }),
  undefined: () => undefined,
};

/** Makes the value that a handler throws. The name of this function is in the stack of the errors. */
export function makeConformanceFailure(name: FailureName): unknown {
  return makers[name]();
}
