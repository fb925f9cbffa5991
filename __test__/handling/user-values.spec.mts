// Values that throw or loop when code reads them fail one request, and nothing else, with each driver and in both
// directions.
import assert from 'node:assert/strict';
import { createReadStream, readdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { createWorker, InProcessDriver, WorkerThreadsDriver } from 'isolated-workers';

import { ForkDriver } from '../fixtures/drivers/custom/fork-driver.mjs';
import { failure, type Loose, RecordingLogger } from '../fixtures/drivers/support.mjs';
import { errors as thrown, handlers, odd } from '../fixtures/user-values/odd.mjs';
import { collectUncaught } from '../fixtures/uncaught.mjs';

const script = new URL('../fixtures/user-values/worker.mjs', import.meta.url);
const uncaught = collectUncaught();

/** What carries more than JSON has the values of an error as they are. */
const variants: [title: string, isRich: boolean, options: object][] = [
  ['a process', false, { serializer: 'json' }],
  ['a process with structured clone', true, { serializer: 'structured' }],
  ['a thread', true, { driver: new WorkerThreadsDriver() }],
  ['a worker in process', true, { driver: new InProcessDriver() }],
  ["a worker of a user's driver", true, { driver: new ForkDriver() }],
];

for (const [title, isRich, options] of variants) {
  describe(`With ${title}`, () => {
    let worker: any;

    before(async () => {
      process.env['USER_VALUES_DRIVER'] = title.includes('user') ? 'fork' : '';
      const all = { script, handlers, logger: new RecordingLogger(), timeout: 20_000, ...options };
      worker = await createWorker<Loose>(all as never);
    });
    after(() => worker.close());

    /** The worker serves on, and nothing was thrown elsewhere. */
    async function goesOn() {
      assert.equal(await worker.send('ping'), 'pong');
      await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual(uncaught, []);
    }

    for (const name of Object.keys(odd)) {
      test(`a result that throws when it is read (${name}) fails at most its own request`, async () => {
        for (const type of ['give', 'giveLater']) {
          const neighbours = [worker.send('ping'), worker.send(type, name), worker.send('ping')];
          const outcomes = await Promise.allSettled(neighbours);
          for (const index of [0, 2]) assert.deepEqual(outcomes[index], { status: 'fulfilled', value: 'pong' });
          const { reason } = outcomes[1] as PromiseRejectedResult;
          if (reason !== undefined) assert.ok(!/TIMEOUT|CRASHED/.test(String(reason.code)), String(reason));
          const stream = worker.stream(type, name);
          stream.result.catch(() => {});
          try {
            for await (const chunk of stream) void chunk;
          } catch (error) {
            assert.ok(!/TIMEOUT|CRASHED/.test(String((error as { code?: unknown }).code)), String(error));
          }
          for (const ask of ['ask', 'askStream']) {
            const { error } = await worker.send(ask, { type, payload: name });
            if (error !== undefined) assert.ok(!/TIMEOUT|CRASHED/.test(String(error.code)), JSON.stringify(error));
          }
        }
        await goesOn();
      });
    }

    for (const name of Object.keys(thrown)) {
      test(`an error that throws when it is read (${name}) arrives, and no other request fails`, async () => {
        for (const type of ['throws', 'rejects']) {
          const error = await failure(worker.send(type, name));
          assert.ok(error instanceof Error);
          assert.ok(!/TIMEOUT|CRASHED|MALFORMED|SYSTEM/.test(String((error as any).code)), String(error).slice(0, 500));
          const { error: asked } = await worker.send('ask', { type, payload: name });
          assert.ok(!/TIMEOUT|CRASHED|MALFORMED|SYSTEM/.test(String(asked.code)), JSON.stringify(asked));
          assert.equal(asked.message.slice(0, 20), error.message.slice(0, 20));
        }
        await goesOn();
      });
    }

    const get = (name: string): Promise<any> => failure(worker.send('throws', name));

    test('an error of another realm keeps its class, code, cause and errors', async () => {
      const error = await get('foreign');
      assert.ok(error instanceof TypeError);
      assert.deepEqual([error.message, error.name, (error as any).code], ['wrong kind', 'TypeError', 'E_KIND']);
      assert.ok(error.cause instanceof RangeError);
      const several = await get('foreignAggregate');
      assert.ok(several instanceof AggregateError);
      assert.ok(several.errors[0] instanceof RangeError);
    });

    test('errors inside an error arrive as errors, at each depth', async () => {
      const { list, tree, map, set } = await get('everywhere');
      assert.ok(list[0] instanceof TypeError && list[0].message === 'in a list');
      assert.ok(list[1][0] instanceof RangeError && list[1][1] === 1);
      assert.ok(tree.a.b.error instanceof Error && tree.a.b.error.code === 'E_TREE');
      assert.ok(map.get('key') instanceof SyntaxError);
      assert.ok([...set][0] instanceof URIError);
    });

    test('an error with a member named errors keeps its class and its members', async () => {
      const error = await get('buildFailure');
      assert.equal(Object.getPrototypeOf(error), Error.prototype);
      assert.deepEqual(Object.keys(error), ['errors', 'warnings']);
      assert.deepEqual(error.errors[0], { text: 'no' });
      assert.ok(error.errors[1] instanceof Error);
    });

    test('the values in an error arrive like those of a result', async () => {
      const { map, set, bytes, doubles, pattern, big, date, odd: numbers } = await get('values');
      const day = isRich ? new Date(86_400_000) : '1970-01-02T00:00:00.000Z';
      assert.deepEqual(map, new Map([[1, { date: day }]]));
      assert.deepEqual(set, new Set(['a']));
      assert.deepEqual(bytes, new Uint8Array([1, 2, 255]));
      assert.deepEqual(doubles, new Float64Array([1.5]));
      assert.deepEqual(pattern, /a+/gi);
      assert.deepEqual(big, isRich ? 12n : '12');
      assert.deepEqual(date, day);
      assert.deepEqual(numbers, isRich ? [NaN, -0, Infinity] : [null, 0, null]);
    });

    test('a cycle in an error affects no other member', async () => {
      const { response } = await get('cyclic');
      assert.deepEqual([response.status, response.data], [404, { reason: 'gone' }]);
      if (isRich) assert.equal(response.request.response, response);
      else assert.equal(response.request.response, '[Circular]');
    });

    test('the worker cuts a huge error, and sends its beginning', async () => {
      const error = await get('huge');
      assert.match(error.message, /^the build failed: x{1000}/);
      assert.match(error.message, /more characters\)$/);
      assert.match(error.stack, /odd\.mjs/);
    });

    test('the worker cuts values that are too deep in an error, and sends the others', async () => {
      assert.equal((await get('deep')).beside, 'here');
    });

    test('the host marks an error as remote, at each depth', async () => {
      const error = await get('everywhere');
      for (const each of [error, error.list[0], error.tree.a.b.error]) assert.equal(each.isRemote, true);
    });

    test('the library ends the input of a request that fails early, and its error stays handled', async () => {
      const open = () => readdirSync('/proc/self/fd').length;
      await worker.send('ping');
      const begun = open();
      const attempts: [payload: unknown, options: object][] = [
        [0, { signal: AbortSignal.abort() }],
        [() => {}, {}],
        [0, { timeout: -1 }],
      ];
      for (const [payload, own] of attempts) {
        for (const how of ['send', 'stream'] as const) {
          const missing = createReadStream('/no/such/file');
          const present = createReadStream(process.execPath);
          for (const input of [missing, present]) {
            const closed = new Promise((resolve) => input.once('close', () => resolve(undefined)));
            const outcome = worker[how]('upload', payload, { input, ...own } as never);
            await failure('result' in outcome ? (outcome as any).result : outcome);
            await closed;
            assert.equal(input.destroyed, true);
          }
        }
      }
      assert.ok(open() <= begun);
      const { error, destroyed } = await worker.send('askUpload');
      assert.equal(destroyed, true, JSON.stringify(error));
      await goesOn();
    });

    test('maxMessageSize limits payloads of text and of bytes, in both directions', async () => {
      const { driver, serializer } = options as { driver?: never; serializer?: never };
      const all = { script, driver, serializer, handlers, maxMessageSize: 100_000, logger: new RecordingLogger() };
      const small: any = await createWorker<Loose>(all as never);
      try {
        const bytes = serializer === 'json' ? 'y'.repeat(200_000) : new Uint8Array(200_000);
        for (const call of [
          () => small.send('size', 'x'.repeat(200_000)),
          () => small.send('size', bytes),
          () => small.send('make', 200_000),
        ]) {
          assert.equal((await failure(call())).code, 'ERR_MESSAGE_TOO_LARGE');
        }
        const asked = await small.send('ask', { type: 'make', payload: 200_000 });
        assert.equal(asked.error?.code, 'ERR_MESSAGE_TOO_LARGE');
        assert.equal(await small.send('size', 'small'), 5);
        const told = await failure(small.send('throws', 'huge'));
        assert.match(told.message, /^the build failed/);
      } finally {
        await small.close();
      }
    });
  });
}

describe('A value that is too deep for another thread to read', () => {
  const deep = (levels: number) => {
    let tree: object = {};
    for (let index = 0; index < levels; index++) tree = { tree };
    return tree;
  };
  const script2 = new URL('../fixtures/user-values/deep.mjs', import.meta.url);

  for (const [title, driver] of [
    ['a thread', new WorkerThreadsDriver()],
    ['a worker in process', new InProcessDriver()],
  ] as const) {
    test(`fails its own request at once, or arrives (${title})`, async () => {
      const host = { deep: (levels: number) => deep(levels) };
      const options = { script: script2, driver, handlers: host, logger: new RecordingLogger() };
      const worker: any = await createWorker<Loose>(options as never);
      try {
        for (const levels of [1000, 4000, 8000, 40_000]) {
          const outcomes = await Promise.allSettled([
            worker.send('deep', levels),
            worker.send('take', deep(levels)),
            worker.send('ask', levels),
          ]);
          for (const outcome of outcomes) {
            if (outcome.status === 'rejected')
              assert.equal(outcome.reason.code, 'ERR_NOT_SERIALIZABLE', String(outcome.reason));
          }
        }
        assert.equal(await worker.send('take', { flat: true }), 1);
      } finally {
        await worker.close();
      }
    });
  }
});
