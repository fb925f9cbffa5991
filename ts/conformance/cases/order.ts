import assert from 'node:assert/strict';

import type { Definition } from '../definition.js';
import { upTo } from '../expect.js';
import { quiet } from '../harness.js';

/** The order of messages, and messages that need not wait. */
export const order: readonly Definition[] = [
  {
    name: 'handlers start in the order in which their requests were sent',
    async test(stage) {
      const worker = await stage.start();
      const { caseId } = stage;
      const values = upTo(300).map((number) => [number, number % 50 === 0 ? 'x'.repeat(100_000) : '']);
      const sent: Promise<unknown>[] = [];
      for (const [number, value] of values.entries()) {
        sent.push(worker.send('note', { caseId, value }));
        // So they are sent in several ticks.
        if (number % 60 === 0) await worker.send('echo', number);
      }
      await Promise.all(sent);
      assert.deepEqual(await worker.send('noted', { caseId }), values);
    },
  },
  {
    name: 'results arrive in the order in which their handlers finish',
    async test(stage) {
      const worker = await stage.start();
      const arrived: unknown[] = [];
      const held = upTo(5).map((key) => quiet(stage.hold(worker, key).then((result) => arrived.push(result))));
      assert.equal(await stage.release(worker, 3, 0, 4, 2, 1), 5);
      await Promise.all(held);
      assert.deepEqual(arrived, [3, 0, 4, 2, 1]);
    },
  },
  {
    name: 'results of handlers that finish at once arrive in the order of the requests',
    async test(stage) {
      const worker = await stage.start();
      const arrived: unknown[] = [];
      const numbers = upTo(300);
      await Promise.all(numbers.map((number) => worker.send('echo', number).then((result) => arrived.push(result))));
      assert.deepEqual(arrived, numbers);
    },
  },
  {
    name: 'each of a thousand requests in flight gets its own answer',
    async test(stage) {
      const worker = await stage.start();
      const numbers = upTo(1000);
      const answers = quiet(Promise.all(numbers.map((number) => stage.hold(worker, number))));
      // Half of them backwards, then the rest.
      assert.equal(await stage.release(worker, ...numbers.filter((number) => number % 2 === 0).toReversed()), 500);
      assert.equal(await stage.release(worker, ...numbers), 500);
      assert.deepEqual(await answers, numbers);
    },
  },
  {
    name: 'a slow request delays no other',
    async test(stage) {
      const worker = await stage.start();
      let answered = false;
      const slow = quiet(stage.hold(worker, 'slow').finally(() => (answered = true)));
      for (const number of upTo(20)) assert.equal(await worker.send('echo', number), number);
      assert.equal(await worker.send('later', { ms: 1, value: 'timer' }), 'timer');
      assert.equal(answered, false);
      await stage.release(worker, 'slow');
      assert.equal(await slow, 'slow');
    },
  },
];
