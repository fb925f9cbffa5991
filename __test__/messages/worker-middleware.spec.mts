// Middleware in the worker, alone and together with middleware in the host.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';

import type { AnyMessage, Middleware } from 'isolated-workers';

import { failure, fixture, start } from '../fixtures/support.mjs';

const startWith = (t: TestContext, kinds: string, middleware?: Middleware<any>) =>
  start<any>(t, { script: fixture('middleware.mjs'), argv: [kinds], middleware });

describe('In the worker, middleware', () => {
  test('sees requests come in and results, errors go out', async (t) => {
    const worker = await start<any>(t, { script: fixture('observer.mjs') });
    await worker.send('echo', 1);
    await failure(worker.send('fall', 'oh'));
    const observed = (await worker.send('observed')) as (AnyMessage & { direction: string })[];
    assert.deepEqual(
      observed.map(({ type, direction }) => `${direction} ${type}`),
      ['incoming echo', 'outgoing echoResult', 'incoming fall', 'outgoing fallError', 'incoming observed'],
    );
    assert.equal(observed[2]!.tx, observed[3]!.tx);
  });

  test('changes payloads in both directions', async (t) => {
    const worker = await startWith(t, 'change');
    assert.equal(await worker.send('echo', 'x'), 'worker out(worker in(x))');
  });

  test('wraps the handlers, and middleware in the host wraps both', async (t) => {
    const worker = await startWith(t, 'change', (message, direction) => {
      message.payload = `host ${direction}(${message.payload})`;
    });
    assert.equal(await worker.send('echo', 'x'), 'host incoming(worker out(worker in(host outgoing(x))))');
  });

  test('that answers slowly keeps the order in which handlers run', async (t) => {
    const worker = await startWith(t, 'slowFirst');
    for (let index = 0; index < 20; index++) {
      if (index % 2) worker.post('note', index);
      else void worker.send('note', index);
    }
    assert.deepEqual(await worker.send('noted'), [...Array(20).keys()]);
  });

  test('that answers slowly keeps the order of results', async (t) => {
    const worker = await startWith(t, 'slowResult');
    const order: unknown[] = [];
    await Promise.all(
      [0, 1, 2, 3].map((value) => worker.send('echo', value).then((result: unknown) => order.push(result))),
    );
    assert.deepEqual(order, [0, 1, 2, 3]);
  });

  for (const direction of ['incoming', 'outgoing']) {
    test(`rejects only the request for which it throws (${direction})`, async (t) => {
      const worker = await startWith(t, 'refuse');
      const before = worker.send('echo', 'before');
      const bad = failure(worker.send('echo', `refuse ${direction}`));
      const after = worker.send('echo', 'after');
      const error = await bad;
      assert.ok(error instanceof RangeError);
      assert.equal(error.message, `refused ${direction}`);
      assert.deepEqual(await Promise.all([before, after]), ['before', 'after']);
    });
  }

  test('gets a sealed message', async (t) => {
    const worker = await startWith(t, 'seal');
    assert.equal(await worker.send('echo', 1), 'TypeError: true');
  });

  test("may change the type of a message to another handler's", async (t) => {
    const worker = await startWith(t, 'rename');
    assert.equal(await worker.send('alias', 5), 5);
    await assert.rejects(worker.send('other', 5), { code: 'ERR_UNKNOWN_MESSAGE_TYPE' });
  });

  test('runs in the order of the array', async (t) => {
    const worker = await startWith(t, 'rename,change');
    assert.equal(await worker.send('alias', 'x'), 'worker out(worker in(x))');
  });
});
