// A detached worker calls its hosts, and streams to them, while they come and go.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { WorkerClient, WorkerStream } from 'isolated-workers';

import { hostMessages, libraries } from '../fixtures/checked/messages.mjs';
import { attach, start } from '../fixtures/detached/support.mjs';
import { failure } from '../fixtures/support.mjs';

describe('A detached worker', () => {
  test('calls the host that is connected', async (t) => {
    const first = await start(t, { handlers: { lookup: (key: unknown) => `first ${key}` } });
    assert.equal(await first.send('ask', 1), 'first 1');
    await first.disconnect();
    const { socketPath } = first;
    const second = await attach(t, { socketPath, handlers: { lookup: (key: unknown) => `second ${key}` } });
    assert.equal(await second.send('ask', 2), 'second 2');
    await second.disconnect();
    await first.reconnect();
    assert.equal(await first.send('ask', 3), 'first 3');
  });

  test('has its messages validated by each host, in both directions', async (t) => {
    const script = new URL('../fixtures/checked/worker.mjs', import.meta.url);
    const first = await start(t, { script, startupData: { library: 'zod' } });
    const fine = { user: { name: 'Ada' }, at: '12' };
    assert.deepEqual(await first.send('greet', fine), { text: 'Ada 1 number' });
    await first.disconnect();
    const second = await attach(t, {
      name: first.name,
      messages: libraries.zod,
      hostMessages,
      handlers: { price: ({ id }: any) => ({ cents: id === 7 ? 0.5 : id }) },
    } as never);
    assert.deepEqual(await second.send('greet', fine), { text: 'ADA 1 NUMBER' });
    assert.deepEqual(await second.send('askHost', { id: 3 }), { cents: 3 });
    const refused: [sent: Promise<unknown>, side: string, path: unknown[]][] = [
      [second.send('greet', { user: { name: 5 }, at: '1' }), 'worker', ['payload', 'user', 'name']],
      [second.send('greet', { user: { name: 'nobody' }, at: '1' }), 'host', ['result', 'text']],
      [second.send('askHost', { id: 'three' }), 'host', ['payload', 'id']],
      [second.send('askHost', { id: 7 }), 'worker', ['result', 'cents']],
    ];
    const errors = await Promise.all(refused.map(([sent]) => failure(sent)));
    for (const [index, error] of errors.entries()) {
      const { code, side, issues } = error as any;
      assert.deepEqual([code, side, issues[0].path], ['ERR_INVALID_MESSAGE', ...refused[index]!.slice(1)]);
    }
  });

  test('learns that the host of its request has left, and calls the next', async (t) => {
    let isAsked: (() => void) | undefined;
    const asking = new Promise<void>((resolve) => (isAsked = resolve));
    const lookup = () => {
      isAsked?.();
      return new Promise(() => {});
    };
    const first = await start(t, { handlers: { lookup } });
    await first.send('askLater', 1);
    await asking;
    await first.disconnect();
    const second = await attach(t, { socketPath: first.socketPath, handlers: { lookup: () => 'found' } });
    assert.equal(await second.send('asked'), 'ERR_HOST_DISCONNECTED');
    assert.equal(await second.send('ask', 2), 'found');
  });

  test('ends its streams when their host leaves; it finishes requests and keeps their results', async (t) => {
    const first = await start(t);
    const stream = streamOf(first, 1_000_000);
    assert.deepEqual(await stream.next(), { value: 0, done: false });
    const lost = failure(first.send('wait', 'a'));
    while (!(await first.send('waiting')).includes('a'));
    await first.disconnect();
    assert.equal((await lost).code, 'ERR_WORKER_DISCONNECTED');
    // What had arrived is read first.
    const error = await failure(drain(stream));
    assert.equal(error.code, 'ERR_WORKER_DISCONNECTED');
    const second = await attach(t, { socketPath: first.socketPath });
    second.ref();
    const kept = new Promise((resolve) => second.once('keptResult', resolve));
    assert.equal(await second.send('aborted'), 1);
    await second.send('release', { key: 'a', result: 7 });
    const { type, result } = (await kept) as { type: string; result: unknown };
    assert.deepEqual([type, result], ['wait', 7]);
    let seen = 0;
    for await (const value of streamOf(second, 1000)) assert.equal(value, seen++);
    assert.equal(seen, 1000);
  });
});

function streamOf(worker: object, most: number): WorkerStream<number> {
  return (worker as WorkerClient<any>).stream('count', most) as WorkerStream<number>;
}

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}
