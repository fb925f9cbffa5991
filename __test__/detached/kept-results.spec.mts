// A detached worker keeps results whose host has left.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, describe, test, type TestContext } from 'node:test';

import * as detached from '../fixtures/detached/support.mjs';
import { attach, event, files, keptResults, nothingLeft, start } from '../fixtures/detached/support.mjs';
import { eventually, failure } from '../fixtures/faults/support.mjs';

after(() => assert.deepEqual(files(), [], 'sockets are left'));

describe('Results that come while no host is there', () => {
  test('reach the next host in order, errors included, with their transaction ids', async (t) => {
    const ids: string[] = [];
    const first = await start(t, { middleware: (message: any) => void (message.tx && ids.push(message.tx)) });
    const keys = ['a', 'b', 'c', 'd'];
    for (const key of keys) first.send('wait', key).catch(() => {});
    assert.deepEqual(await first.send('waiting'), keys);
    const [a, b, c, d] = ids;
    const file = detached.newFile();
    first.post('releaseWhenAlone', { file, keys: ['c', 'a', 'd', 'b'] });
    await first.disconnect();
    const second = await attachWhen(t, file, first.name, 4);
    assert.deepEqual(second.results, [
      { type: 'wait', tx: c, result: 'c' },
      { type: 'wait', tx: a, result: 'a' },
      { type: 'wait', tx: d, result: 'd' },
      { type: 'wait', tx: b, result: 'b' },
    ]);
    await second.worker.close();
    await nothingLeft(first);
  });

  test('reach the next host as errors where they are errors', async (t) => {
    const first = await start(t);
    first.send('wait', 'a').catch(() => {});
    first.send('unwritable').catch(() => {});
    await first.send('waiting');
    const second = await attach(t, { name: first.name, takeOver: true });
    const kept = keptResults(second, 2);
    second.post('refuse', { key: 'a', message: 'out of range' });
    second.post('release', { key: 'unwritable' });
    const [refused, unwritable] = await kept;
    assert.equal(refused.type, 'wait');
    assert.ok(refused.error instanceof RangeError);
    const { message, code, detail } = refused.error as any;
    assert.deepEqual([message, code, detail], ['out of range', 'ERR_MINE', { key: 'a' }]);
    assert.equal((unwritable.error as any).code, 'ERR_NOT_SERIALIZABLE');
    await second.close();
  });

  test('do not include the answer to the question when a cancelled handler has ended', async (t) => {
    const first = await start(t);
    const escalate = { killAfter: 600_000 };
    const late = failure(first.send('wait', 'late', { timeout: 20, escalate }));
    assert.equal((await late).code, 'ERR_MESSAGE_TIMEOUT');
    first.send('wait', 'kept').catch(() => {});
    assert.deepEqual(await first.send('waiting'), ['late', 'kept']);
    const file = detached.newFile();
    first.post('releaseWhenAlone', { file, keys: ['late', 'kept'] });
    await first.disconnect();
    const { worker, results } = await attachWhen(t, file, first.name, 1);
    await worker.send('waiting');
    assert.deepEqual(
      results.map(({ type, result }: any) => [type, result]),
      [['wait', 'kept']],
    );
    await worker.close();
  });

  test('keep the values that they had at that time', async (t) => {
    const first = await start(t);
    first.send('givesState').catch(() => {});
    await first.send('waiting');
    const file = detached.newFile();
    first.post('changeStateWhenAlone', file);
    await first.disconnect();
    const { worker, results } = await attachWhen(t, file, first.name, 1);
    assert.deepEqual(results[0].result, { value: 'as it was' });
    assert.deepEqual(await worker.send('state'), { value: 'changed' });
    await worker.close();
  });

  for (const [keepResults, expected] of [
    [0, []],
    [2, ['c', 'd']],
    [Infinity, ['a', 'b', 'c', 'd']],
  ] as const) {
    test(`are at most ${keepResults} with keepResults: ${keepResults}, and the worker drops the oldest first`, async (t) => {
      const keys = ['a', 'b', 'c', 'd'];
      const first = await start(t, { keepResults });
      for (const key of keys) first.send('wait', key).catch(() => {});
      await first.send('waiting');
      const file = detached.newFile();
      first.post('releaseWhenAlone', { file, keys });
      await first.disconnect();
      const second = await attachWhen(t, file, first.name, expected.length);
      assert.deepEqual(
        second.results.map(({ result }) => result),
        expected,
      );
      // Nothing comes twice.
      await second.worker.disconnect();
      const third = await attach(t, { name: first.name });
      third.on('keptResult', () => assert.fail('it was told again'));
      await third.send('pid');
      await third.close();
    });
  }

  test('reach the same host when it reconnects', async (t) => {
    const worker = await start(t);
    worker.send('wait', 'a').catch(() => {});
    await worker.send('waiting');
    const file = detached.newFile();
    worker.post('releaseWhenAlone', { file, keys: ['a'] });
    await worker.disconnect();
    await eventually(`${file} is there`, () => existsSync(file));
    await worker.reconnect();
    const kept = await event(worker, 'keptResult');
    assert.equal(kept.result, 'a');
    await worker.close();
  });

  /** Attaches when that is done; gives what is told then. */
  async function attachWhen(t: TestContext, file: string, name: string, count: number) {
    await eventually(`${file} is there`, () => existsSync(file));
    const worker = await attach(t, { name });
    const results: any[] = [];
    worker.on('keptResult', (kept) => results.push(kept));
    await eventually(`the host has ${count} results`, () => results.length >= count);
    await worker.send('pid');
    assert.equal(results.length, count);
    return { worker, results };
  }
});
