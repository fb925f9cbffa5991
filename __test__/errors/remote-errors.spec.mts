// A caller receives the error that a handler threw.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { createWorker, WorkerError, type DefineMessages, type WorkerClient } from 'isolated-workers';

import { failure, fixture } from '../fixtures/support.mjs';

type Messages = DefineMessages<{
  throws: { payload: string };
  rejects: { payload: string };
  echo: { payload: any; result: any };
  result: { payload: string; result: any };
  thenable: { payload: void; result: any };
}>;

let worker: WorkerClient<Messages>;

before(async () => {
  worker = await createWorker<Messages>({ serializer: 'json', script: fixture('throws.mjs') });
});

after(async () => {
  assert.equal(await worker.send('echo', 'still there'), 'still there');
  await worker.close();
});

for (const how of ['throws', 'rejects'] as const) {
  describe(`a handler that ${how}`, () => {
    const thrown = (name: string): Promise<any> => failure(worker.send(how, name));

    for (const [name, Class] of Object.entries({
      error: Error,
      type: TypeError,
      range: RangeError,
      syntax: SyntaxError,
      reference: ReferenceError,
      uri: URIError,
      eval: EvalError,
    })) {
      test(`gives the caller a real ${Class.name}`, async () => {
        const error = await thrown(name);
        assert.ok(error instanceof Class);
        assert.equal(Object.getPrototypeOf(error), Class.prototype);
        assert.equal(error.name, Class.name);
        assert.ok(!(error instanceof WorkerError));
      });
    }

    test('gives the name of a custom class, its message and its properties', async () => {
      const error = await thrown('custom');
      assert.equal(Object.getPrototypeOf(error), Error.prototype);
      assert.equal(error.name, 'PaymentError');
      assert.equal(error.message, 'declined');
      assert.equal(error.amount, 12.5);
      assert.deepEqual(error.card, { last: '4242' });
      assert.deepEqual(Object.keys(error), ['amount', 'card']);
    });

    test('gives an assigned name, on the nearest built-in class', async () => {
      const named = await thrown('named');
      assert.ok(named instanceof TypeError);
      assert.equal(named.name, 'CustomName');
      const renamed = await thrown('renamed');
      assert.equal(renamed.name, 'AbortError');
      assert.equal(renamed.message, 'renamed');
    });

    test('gives each message unchanged', async () => {
      assert.equal((await thrown('empty')).message, '');
      assert.equal((await thrown('unicode')).message, 'ä€😀\n\u2028"\\');
    });

    test('gives the stack of the worker', async () => {
      const { stack } = await thrown('type');
      assert.match(stack, /^TypeError: a type\n/);
      assert.match(stack, /throws\.mjs:\d+:\d+/);
    });

    test('gives a code that is a string or a number', async () => {
      assert.equal((await thrown('stringCode')).code, 'E_CODED');
      assert.equal((await thrown('numberCode')).code, 42);
      const system = await thrown('system');
      assert.equal(system.code, 'ENOENT');
      assert.equal(system.syscall, 'chdir');
      assert.equal(typeof system.errno, 'number');
    });

    test('gives the chain of causes', async () => {
      const error = await thrown('cause');
      assert.equal(error.message, 'outer');
      assert.ok(error.cause instanceof TypeError);
      assert.equal(error.cause.message, 'middle');
      const { cause: inner } = error.cause as { cause: Error & { code: string } };
      assert.equal(inner.message, 'inner');
      assert.equal(inner.code, 'E_INNER');
      assert.equal('cause' in inner, false);
    });

    test('gives a cause that is no error, even undefined', async () => {
      assert.deepEqual((await thrown('valueCause')).cause, { reason: ['a', 1] });
      const error = await thrown('undefinedCause');
      assert.ok(Object.hasOwn(error, 'cause'));
      assert.equal(error.cause, undefined);
    });

    test('gives a cause that refers back to the error', async () => {
      const error = await thrown('cyclic');
      assert.equal(error.message, 'outer');
      assert.ok(error.cause instanceof RangeError);
      assert.equal(error.cause.message, 'inner');
      assert.equal(error.cause.cause, '[Circular]');
    });

    test('cuts a very long chain of causes', async () => {
      const error = await thrown('deep');
      assert.equal(error.message, 'level 1000');
      assert.equal(error.cause.message, 'level 999');
    });

    test('gives an AggregateError with its errors', async () => {
      const error = await thrown('aggregate');
      assert.ok(error instanceof AggregateError);
      assert.equal(error.message, 'several');
      const [first, second, third] = error.errors;
      assert.ok(first instanceof TypeError);
      assert.equal(first.message, 'first');
      assert.equal(second, 'second');
      assert.ok(third instanceof RangeError);
      assert.equal(error.errors.length, 3);
    });

    test('gives an AggregateError that contains itself', async () => {
      const error = await thrown('cyclicAggregate');
      assert.ok(error instanceof AggregateError);
      assert.deepEqual(error.errors, ['[Circular]']);
    });

    test('gives own properties, even where JSON text cannot carry them', async () => {
      const error = await thrown('properties');
      assert.equal(error.status, 404);
      assert.deepEqual(error.itself, { deep: { list: [1, 2] } });
      assert.ok('none' in error && error.none === undefined);
      assert.equal(error.big, '12');
      assert.ok(error.inner instanceof TypeError);
      assert.equal(error.inner.message, 'in a property');
      assert.deepEqual(error.loop, { loop: '[Circular]' });
    });

    test('cannot change the prototype of the error in the host', async () => {
      const error = await thrown('prototypeProperty');
      assert.equal(Object.getPrototypeOf(error), Error.prototype);
      assert.equal(error.polluted, undefined);
      assert.equal(({} as { polluted?: boolean }).polluted, undefined);
    });

    test('gives an error without its properties that throw', async () => {
      const error = await thrown('getter');
      assert.equal(error.message, 'with a getter');
      assert.equal(error.bad, undefined);
    });

    test('gives errors that are frozen or have no stack', async () => {
      assert.equal((await thrown('frozen')).message, 'frozen');
      assert.equal((await thrown('noStack')).message, 'no stack');
    });

    for (const [name, cause] of Object.entries({
      undefined: undefined,
      null: null,
      string: 'just a string',
      number: 42,
      object: { status: 500, list: [1] },
      nullPrototype: {},
    })) {
      test(`a thrown value that is no error (${name}) becomes the cause of a WorkerError`, async () => {
        const error = await thrown(name);
        assert.ok(error instanceof WorkerError);
        assert.equal(error.code, 'ERR_THROWN_VALUE');
        assert.ok(Object.hasOwn(error, 'cause'));
        assert.deepEqual(error.cause, cause);
      });
    }

    for (const name of ['bigint', 'symbol', 'function', 'getterObject', 'proxy']) {
      test(`a thrown value that cannot travel (${name}) becomes a WorkerError`, async () => {
        const error = await thrown(name);
        assert.ok(error instanceof WorkerError);
        assert.equal(error.code, 'ERR_THROWN_VALUE');
      });
    }

    test('affects no other request', async () => {
      const [first, error, last] = await Promise.allSettled([
        worker.send('echo', 1),
        worker.send(how, 'type'),
        worker.send('echo', 2),
      ]);
      assert.deepEqual(first, { status: 'fulfilled', value: 1 });
      assert.equal(error.status, 'rejected');
      assert.deepEqual(last, { status: 'fulfilled', value: 2 });
    });
  });
}

test('A thenable result that rejects fails its request with its error', async () => {
  const error = await failure(worker.send('thenable'));
  assert.ok(error instanceof RangeError);
  assert.equal(error.message, 'from a thenable');
});

for (const kind of ['cyclic', 'bigint', 'function', 'symbol']) {
  test(`A result that cannot be serialised (${kind}) rejects only its request`, async () => {
    const error = await failure(worker.send('result', kind));
    assert.ok(error instanceof WorkerError);
    assert.equal(error.code, 'ERR_NOT_SERIALIZABLE');
    assert.match(error.message, /result of "result"/);
  });
}

test('A payload that cannot be serialised rejects only its request', async () => {
  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  for (const payload of [cyclic, 1n, () => {}, Symbol('a')]) {
    const error = await failure(worker.send('echo', payload));
    assert.ok(error instanceof WorkerError);
    assert.equal(error.code, 'ERR_NOT_SERIALIZABLE');
    assert.match(error.message, /\becho\b/);
  }
});

for (const type of ['missing', 'constructor', '__proto__', 'toString', 'hasOwnProperty', '']) {
  test(`The worker refuses a message type without a handler (${JSON.stringify(type)})`, async () => {
    const error = await failure(worker.send(type as 'echo', 1));
    assert.ok(error instanceof WorkerError);
    assert.equal(error.code, 'ERR_UNKNOWN_MESSAGE_TYPE');
    assert.ok(error.message.includes(`"${type}"`), error.message);
  });
}
