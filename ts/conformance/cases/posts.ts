import assert from 'node:assert/strict';

import type { Definition } from '../definition.js';
import { stillAnswers, throwsWith, untyped, upTo } from '../expect.js';

/** Notifications. */
export const posts: readonly Definition[] = [
  {
    name: 'the worker handles notifications and requests in the order of their sending',
    async test(stage) {
      const worker = await stage.start();
      const { room } = stage;
      const numbers = upTo(200);
      for (const value of numbers) {
        if (value % 3 === 0) void worker.send('note', { room, value });
        else worker.post('note', { room, value });
      }
      assert.deepEqual(await worker.send('noted', { room }), numbers);
    },
  },
  {
    name: 'a notification has no answer',
    async test(stage) {
      const seen: string[] = [];
      const worker = await stage.start({
        middleware: ({ type }, direction) => {
          if (direction === 'incoming') seen.push(type);
        },
      });
      assert.equal(worker.post('echo', 1), undefined);
      worker.post('fail', { room: stage.room, failure: 'Error' });
      worker.post('later', { ms: 0, value: 1 });
      await worker.send('later', { ms: 20, value: 2 });
      assert.deepEqual(seen, ['laterResult']);
    },
  },
  {
    name: 'a notification whose handler fails affects no request',
    async test(stage) {
      const worker = await stage.start();
      const { room } = stage;
      worker.post('fail', { room, failure: 'TypeError' });
      worker.post('reject', { room, failure: 'undefined' });
      worker.post('note', { room, value: 'after' });
      assert.deepEqual(await worker.send('noted', { room }), ['TypeError', 'undefined', 'after']);
      await stillAnswers(worker);
    },
  },
  {
    name: 'a notification of an unknown type affects no request',
    async test(stage) {
      const worker = await stage.start();
      untyped(worker).post('no such type', { any: 'payload' });
      untyped(worker).post('constructor');
      await stillAnswers(worker);
    },
  },
  {
    name: 'post() throws for a payload that it cannot send, and the next one arrives',
    async test(stage) {
      const worker = await stage.start();
      const { room } = stage;
      throwsWith(() => worker.post('note', { room, value: () => {} }), 'ERR_NOT_SERIALIZABLE');
      worker.post('note', { room, value: 'data' });
      assert.deepEqual(await worker.send('noted', { room }), ['data']);
    },
  },
];
