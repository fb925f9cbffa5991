import assert from 'node:assert/strict';

import type { Definition } from '../definition.js';
import { rejectsWith, stillAnswers, upTo } from '../expect.js';

/** Transaction ids. */
export const transactions: readonly Definition[] = [
  {
    name: 'each request has a transaction id of its own, a UUID',
    async test(stage) {
      const ids: unknown[] = [];
      const worker = await stage.start({
        middleware: ({ tx }, direction) => {
          if (direction === 'outgoing') ids.push(tx);
        },
      });
      await Promise.all(upTo(50).map((number) => worker.send('echo', number)));
      for (const id of ids) assert.match(String(id), /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
      assert.equal(new Set(ids).size, 50);
    },
  },
  {
    name: 'requests and results travel with the ids of a txIdGenerator',
    async test(stage) {
      const seen: unknown[] = [];
      const ids = ['order 17', 'ä€😀"\\', 'x'.repeat(256), '00000000-0000-4000-8000-000000000000', '17'];
      const generated: unknown[] = [];
      const worker = await stage.start({
        txIdGenerator: (request) => {
          generated.push(request);
          return ids[generated.length - 1] as string;
        },
        middleware: ({ type, tx }) => void seen.push([type, tx]),
      });
      for (const id of ids) assert.equal(await worker.send('echo', id), id);
      assert.deepEqual(
        seen,
        ids.flatMap((id) => [
          ['echo', id],
          ['echoResult', id],
        ]),
      );
      assert.deepEqual(
        generated,
        ids.map((payload) => ({ type: 'echo', payload })),
      );
    },
  },
  {
    name: 'the host refuses a transaction id in flight, and accepts it after its answer',
    async test(stage) {
      let next = 0;
      const worker = await stage.start({
        txIdGenerator: ({ type }) => (type === 'hold' ? 'the only one' : `other ${next++}`),
      });
      const first = stage.hold(worker, 'first');
      await rejectsWith(stage.hold(worker, 'second'), 'ERR_DUPLICATE_TRANSACTION', 'the only one');
      assert.equal(await stage.release(worker, 'first', 'second'), 1);
      assert.equal(await first, 'first');
      const again = stage.hold(worker, 'again');
      await stage.release(worker, 'again');
      assert.equal(await again, 'again');
    },
  },
  {
    name: 'the host refuses an invalid transaction id',
    async test(stage) {
      const wrong: unknown[] = ['', 'x'.repeat(257), 17, undefined, null, {}];
      const given = [...wrong, 'a good one'];
      const worker = await stage.start({ txIdGenerator: () => given.shift() as string });
      for (const _ of wrong) await rejectsWith(worker.send('echo', 1), 'ERR_INVALID_TRANSACTION_ID');
      await stillAnswers(worker);
    },
  },
];
