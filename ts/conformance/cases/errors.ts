import assert from 'node:assert/strict';

import { WorkerError } from '../../index.js';
import type { Definition } from '../definition.js';
import { rejection, rejectsWith, stillAnswers } from '../expect.js';
import type { FailureName } from '../messages.js';
import type { Stage } from '../harness.js';

const classes = { Error, TypeError, RangeError, SyntaxError, ReferenceError, URIError, EvalError } as const;

/** Passes `check` the error of a handler, once thrown and once rejected. */
const throwing =
  (failure: FailureName, check: (error: Error & Record<string, unknown>) => void) => async (stage: Stage) => {
    const worker = await stage.start();
    for (const type of ['fail', 'reject'] as const) {
      check(await rejection(worker.send(type, { caseId: stage.caseId, failure })));
    }
    await stillAnswers(worker);
  };

/** The errors of handlers, for their callers. */
export const errors: readonly Definition[] = [
  {
    name: 'an error of a built-in class arrives with its class and message',
    async test(stage) {
      const worker = await stage.start();
      for (const [name, Class] of Object.entries(classes)) {
        const failure = name as keyof typeof classes;
        const error = await rejection(worker.send('fail', { caseId: stage.caseId, failure }));
        assert.equal(Object.getPrototypeOf(error), Class.prototype, name);
        assert.equal(error.name, name);
        assert.equal(error.message, `of class ${name}`);
        assert.ok(!(error instanceof WorkerError));
      }
    },
  },
  {
    name: 'an error of a custom class arrives with its name, message and properties',
    test: throwing('custom', (error) => {
      assert.equal(error.name, 'PaymentError');
      assert.equal(error.message, 'declined: ä€😀\n"\\');
      assert.deepEqual({ ...error }, { amount: 12.5, card: { last: '4242' } });
    }),
  },
  {
    name: 'an error arrives with the stack of its origin',
    test: throwing('TypeError', ({ stack }) => {
      assert.match(String(stack), /^TypeError: of class TypeError\n/);
      assert.match(String(stack), /\bmakeConformanceFailure\b/);
    }),
  },
  {
    name: 'an error arrives with a code that is text',
    test: throwing('textCode', ({ code }) => assert.equal(code, 'E_CODED')),
  },
  {
    name: 'an error arrives with a code that is a number',
    test: throwing('numberCode', ({ code }) => assert.equal(code, 42)),
  },
  {
    name: 'an error arrives with the chain of its causes',
    test: throwing('cause', ({ message, cause: middle }) => {
      assert.equal(message, 'outer');
      assert.ok(middle instanceof TypeError);
      assert.equal(middle.message, 'middle');
      const inner = middle.cause as Error & { code?: unknown };
      assert.ok(inner instanceof Error);
      assert.equal(inner.message, 'inner');
      assert.equal(inner.code, 'E_INNER');
      assert.equal('cause' in inner, false);
    }),
  },
  {
    name: 'an error arrives with a cause that is no error',
    test: throwing('valueCause', ({ cause }) => assert.deepEqual(cause, { reason: ['a', 1] })),
  },
  {
    name: 'an AggregateError arrives with its errors',
    test: throwing('aggregate', (error) => {
      assert.ok(error instanceof AggregateError);
      assert.equal(error.message, 'several');
      const [first, second, third] = error.errors as [Error, unknown, Error];
      assert.ok(first instanceof TypeError);
      assert.equal(first.message, 'first');
      assert.equal(second, 'second');
      assert.ok(third instanceof RangeError);
      assert.equal(error.errors.length, 3);
    }),
  },
  {
    name: 'an error arrives with its own properties',
    test: throwing('properties', (error) => {
      assert.deepEqual({ ...error }, { status: 404, detail: { list: [1, 2] }, none: null });
    }),
  },
  {
    name: 'a thrown value that is no error arrives as the cause of an error with the code ERR_THROWN_VALUE',
    async test(stage) {
      const worker = await stage.start();
      const { caseId } = stage;
      const text = await rejectsWith(worker.send('fail', { caseId, failure: 'string' }), 'ERR_THROWN_VALUE');
      assert.equal(text.cause, 'just a string');
      const object = await rejectsWith(worker.send('reject', { caseId, failure: 'object' }), 'ERR_THROWN_VALUE');
      assert.deepEqual(object.cause, { status: 500, list: [1] });
      const nothing = await rejectsWith(worker.send('fail', { caseId, failure: 'undefined' }), 'ERR_THROWN_VALUE');
      assert.equal(nothing.cause, undefined);
    },
  },
  {
    name: 'an error fails its own request alone',
    async test(stage) {
      const worker = await stage.start();
      const outcomes = await Promise.allSettled([
        worker.send('echo', 1),
        worker.send('fail', { caseId: stage.caseId, failure: 'Error' }),
        worker.send('echo', 2),
        worker.send('reject', { caseId: stage.caseId, failure: 'string' }),
        worker.send('echo', 3),
      ]);
      assert.deepEqual(
        outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : 'rejected')),
        [1, 'rejected', 2, 'rejected', 3],
      );
    },
  },
];
