import assert from 'node:assert/strict';

import type { Definition } from '../definition.js';
import { stillAnswers, throwsWith, untyped, upTo } from '../expect.js';

/** Notifications. */
export const posts: readonly Definition[] = [
  {
    name: 'the worker handles notifications and requests in the order of their sending',
    async test(stage) {
      const worker = await stage.start();
      const { caseId } = stage;
      const numbers = upTo(200);
      for (const value of numbers) {
        if (value % 3 === 0) void worker.send('note', { caseId, value });
        else worker.post('note', { caseId, value });
      }
      assert.deepEqual(await worker.send('noted', { caseId }), numbers);
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
      worker.post('fail', { caseId: stage.caseId, failure: 'Error' });
      worker.post('later', { ms: 0, value: 1 });
      await worker.send('later', { ms: 20, value: 2 });
      assert.deepEqual(seen, ['laterResult']);
    },
  },
  {
    name: 'a notification whose handler fails affects no request',
    async test(stage) {
      const worker = await stage.start();
      const { caseId } = stage;
      worker.post('fail', { caseId, failure: 'TypeError' });
      worker.post('reject', { caseId, failure: 'undefined' });
      worker.post('note', { caseId, value: 'after' });
      assert.deepEqual(await worker.send('noted', { caseId }), ['TypeError', 'undefined', 'after']);
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
      const { caseId } = stage;
      throwsWith(() => worker.post('note', { caseId, value: () => {} }), 'ERR_NOT_SERIALIZABLE');
      worker.post('note', { caseId, value: 'data' });
      assert.deepEqual(await worker.send('noted', { caseId }), ['data']);
    },
  },
];
