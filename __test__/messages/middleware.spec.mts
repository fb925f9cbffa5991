// Middleware in the host.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { createWorker, type AnyMessage, type Middleware } from 'isolated-workers';

import { failure, fixture, type Messages, start } from '../fixtures/support.mjs';

describe('In the host, middleware', () => {
  test('sees requests go out and their results come in', async (t) => {
    const seen: object[] = [];
    const worker = await start(t, { middleware: (message, direction) => void seen.push({ direction, ...message }) });
    await worker.send('echo', { a: 1 });
    const { tx } = seen[0] as AnyMessage;
    assert.deepEqual(seen, [
      { direction: 'outgoing', type: 'echo', tx, payload: { a: 1 } },
      { direction: 'incoming', type: 'echoResult', tx, payload: { a: 1 } },
    ]);
  });

  test('sees notifications without a transaction id', async (t) => {
    const seen: (AnyMessage & { direction: string })[] = [];
    const worker = await start(t, {
      middleware: (message, direction) => void seen.push({ ...message, direction } as never),
    });
    worker.post('note', 1);
    assert.deepEqual(await worker.send('noted'), [1]);
    assert.deepEqual(
      seen.map(({ type, direction }) => `${direction} ${type}`),
      ['outgoing note', 'outgoing noted', 'incoming notedResult'],
    );
    assert.equal(seen[0]!.tx, undefined);
  });

  test('sees an error come in as data', async (t) => {
    const seen: AnyMessage[] = [];
    const worker = await start(t, { middleware: (message) => void seen.push({ ...message }) });
    await assert.rejects(worker.send('fall', 'oh'), { message: 'oh' });
    assert.equal(seen[1]!.type, 'fallError');
    assert.equal((seen[1]!.payload as Error).message, 'oh');
    assert.equal(seen[1]!.tx, seen[0]!.tx);
  });

  test('changes payloads in both directions, by assignment or by returning another message', async (t) => {
    const worker = await start(t, {
      middleware(message, direction) {
        if (direction === 'outgoing') message.payload = `out(${message.payload})` as never;
        else return { ...message, payload: `in(${message.payload})` } as never;
      },
    });
    assert.equal(await worker.send('echo', 'x'), 'in(out(x))');
  });

  test('may add a payload to a request', async (t) => {
    const worker = await start(t, {
      middleware(message, direction) {
        if (direction === 'outgoing') message.payload = 'given' as never;
      },
    });
    assert.equal(await worker.send('echo', undefined), 'given');
  });

  test('runs in the order of the array, in both directions', async (t) => {
    const add =
      (name: string): Middleware<Messages> =>
      (message) => {
        message.payload = `${message.payload}${name}` as never;
      };
    const addLater =
      (name: string): Middleware<Messages> =>
      async (message) => {
        await delay(5);
        message.payload = `${message.payload}${name}` as never;
      };
    const worker = await start(t, { middleware: [add('1'), addLater('2'), add('3')] });
    assert.equal(await worker.send('echo', ''), '123123');
  });

  test('gets a sealed message: a new member throws, and rejects that request', async (t) => {
    let adds = true;
    const worker = await start(t, {
      middleware(message) {
        assert.ok(Object.isSealed(message));
        if (adds) (message as { added?: boolean }).added = true;
      },
    });
    await assert.rejects(worker.send('echo', 1), { name: 'TypeError', message: /not extensible/ });
    adds = false;
    assert.equal(await worker.send('echo', 1), 1);
  });

  test('that returns a new message seals it for the next middleware', async (t) => {
    const worker = await start(t, {
      middleware: [(message) => ({ ...message }) as never, (message) => assert.ok(Object.isSealed(message))],
    });
    assert.equal(await worker.send('echo', 1), 1);
  });

  test('that answers slowly keeps the order of messages that go out', async (t) => {
    let first = true;
    const worker = await start(t, {
      async middleware(_message, direction) {
        if (direction !== 'outgoing' || !first) return;
        first = false;
        await delay(50);
      },
    });
    for (let index = 0; index < 20; index++) {
      if (index % 2) worker.post('note', index);
      else void worker.send('note', index);
    }
    assert.deepEqual(await worker.send('noted'), [...Array(20).keys()]);
  });

  test('keeps the order when it is asynchronous for some messages only', async (t) => {
    const worker = await start(t, {
      middleware(message, direction) {
        return direction === 'outgoing' && (message.payload as number) % 5 === 0 ? delay(10) : undefined;
      },
    });
    for (let index = 0; index < 20; index++) worker.post('note', index);
    assert.deepEqual(await worker.send('noted'), [...Array(20).keys()]);
  });

  test('that answers slowly keeps the order of results', async (t) => {
    let first = true;
    const worker = await start(t, {
      async middleware(_message, direction) {
        if (direction !== 'incoming' || !first) return;
        first = false;
        await delay(50);
      },
    });
    const order: number[] = [];
    await Promise.all([0, 1, 2, 3, 4].map((value) => worker.send('echo', value).then((result) => order.push(result))));
    assert.deepEqual(order, [0, 1, 2, 3, 4]);
  });

  for (const direction of ['outgoing', 'incoming']) {
    for (const how of ['throws', 'rejects with']) {
      test(`rejects only that request with the very error that it ${how} (${direction})`, async (t) => {
        const refused = new Error('refused');
        const worker = await start(t, {
          middleware(message, way) {
            if (way !== direction || message.payload !== 'bad') return;
            if (how === 'throws') throw refused;
            return Promise.reject(refused);
          },
        });
        const before = worker.send('echo', 'before');
        const bad = failure(worker.send('echo', 'bad'));
        const after = worker.send('echo', 'after');
        assert.equal(await bad, refused);
        assert.deepEqual(await Promise.all([before, after]), ['before', 'after']);
      });
    }
  }

  test('that throws for a post makes post throw the same error', async (t) => {
    const refused = new Error('refused');
    const worker = await start(t, {
      middleware(message) {
        if (message.type === 'note') throw refused;
      },
    });
    assert.throws(
      () => worker.post('note', 1),
      (error) => error === refused,
    );
    assert.deepEqual(await worker.send('noted'), []);
  });

  test('that rejects for a post is only logged', async (t) => {
    const refused = new Error('refused');
    const logged: unknown[][] = [];
    const ignore = () => {};
    const worker = await start(t, {
      logger: { debug: ignore, info: ignore, warn: ignore, error: (...line) => void logged.push(line) },
      async middleware(message) {
        if (message.type === 'note') throw refused;
      },
    });
    worker.post('note', 1);
    assert.deepEqual(await worker.send('noted'), []);
    assert.equal(logged.length, 1);
    assert.match(String(logged[0]![0]), /"note"/);
    assert.equal(logged[0]![1], refused);
  });

  for (const wrong of [7, 'x', null, {}, []]) {
    test(`that returns ${JSON.stringify(wrong)} rejects that request`, async (t) => {
      const worker = await start(t, { middleware: () => wrong as never });
      await assert.rejects(worker.send('echo', 1), { code: 'ERR_INVALID_OPTION' });
    });
  }

  test('fails createWorker if it is no function', async () => {
    for (const middleware of [7, null, {}, [() => {}, 'x']]) {
      await assert.rejects(createWorker<Messages>({ script: fixture('echo.mjs'), middleware: middleware as never }), {
        code: 'ERR_INVALID_OPTION',
      });
    }
  });

  test('may be an empty array', async (t) => {
    const worker = await start(t, { middleware: [] });
    assert.equal(await worker.send('echo', 1), 1);
  });
});
