import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';

import type { Definition } from '../definition.js';
import { rejection, stillAnswers, upTo } from '../expect.js';

/** Middleware of the host. */
export const middleware: readonly Definition[] = [
  {
    name: 'middleware sees a request and its result, with the same transaction id',
    async test(stage) {
      const seen: { type: string; tx?: string | undefined; payload: unknown; direction: string }[] = [];
      const worker = await stage.start({
        middleware: ({ type, tx, payload }, direction) => void seen.push({ type, tx, payload, direction }),
      });
      await worker.send('kindOf', { a: 1 });
      const [request, result] = seen;
      assert.equal(seen.length, 2);
      assert.equal(typeof request?.tx, 'string');
      assert.deepEqual(request, { type: 'kindOf', tx: request?.tx, payload: { a: 1 }, direction: 'outgoing' });
      assert.deepEqual(result, { type: 'kindOfResult', tx: request?.tx, payload: 'object', direction: 'incoming' });
    },
  },
  {
    name: 'middleware sees the error of a handler, with the transaction id of its request',
    async test(stage) {
      const seen: [string, unknown][] = [];
      const worker = await stage.start({ middleware: ({ type, tx }) => void seen.push([type, tx]) });
      await rejection(worker.send('fail', { caseId: stage.caseId, failure: 'RangeError' }));
      const [request, failed] = seen;
      assert.deepEqual(failed, ['failError', request?.[1]]);
      assert.equal(request?.[0], 'fail');
    },
  },
  {
    name: 'middleware can change payloads and results',
    async test(stage) {
      const worker = await stage.start({
        middleware: (message, direction) => {
          message.payload = direction === 'outgoing' ? { wrapped: message.payload } : [message.payload];
        },
      });
      assert.deepEqual(await worker.send('echo', 1), [{ wrapped: 1 }]);
    },
  },
  {
    name: 'messages keep their order where middleware is asynchronous',
    async test(stage) {
      const numbers = upTo(60);
      const worker = await stage.start({
        middleware: async ({ payload }) => {
          const { value } = (payload ?? {}) as { value?: unknown };
          if (typeof value === 'number' && value % 3 > 0) await turn();
          if (typeof value === 'number' && value % 3 > 1) await turn();
        },
      });
      for (const value of numbers) {
        if (value % 4 === 0) void worker.send('note', { caseId: stage.caseId, value });
        else worker.post('note', { caseId: stage.caseId, value });
      }
      assert.deepEqual(await worker.send('noted', { caseId: stage.caseId }), numbers);
    },
  },
  {
    name: 'middleware that throws fails only its request',
    async test(stage) {
      const refused = new RangeError('not this one');
      const worker = await stage.start({
        middleware: ({ payload }) => {
          if (payload === 'bad') throw refused;
        },
      });
      const good = worker.send('echo', 'good');
      assert.equal(await rejection(worker.send('echo', 'bad')), refused);
      assert.equal(await good, 'good');
      await stillAnswers(worker);
    },
  },
];
