import assert from 'node:assert/strict';

import type { Definition, Traits } from '../definition.js';
import { rejectsWith, stillAnswers, throwsWith, untyped } from '../expect.js';

const appliesTo = ({ reconnect }: Traits) => reconnect;
const ROUNDS = 5;

/** A worker whose host disconnects and reconnects. */
export const reconnects: readonly Definition[] = [
  {
    name: 'a disconnected worker keeps its state, and answers after each reconnect, any number of times',
    appliesTo,
    async test(stage) {
      const worker = await stage.start({ startupData: 'kept' });
      const { caseId } = stage;
      for (let calls = 1; calls <= ROUNDS; calls++) {
        assert.deepEqual(await worker.send('count', { caseId }), { calls });
        await untyped(worker).disconnect();
        assert.deepEqual([worker.isActive, worker.isConnected], [false, false]);
        await untyped(worker).reconnect();
        assert.deepEqual([worker.isActive, worker.isConnected], [true, true]);
      }
      assert.equal(await worker.send('startupData'), 'kept');
    },
  },
  {
    name: 'requests in flight at disconnect() reject, and so do requests before reconnect()',
    appliesTo,
    async test(stage) {
      const worker = await stage.start();
      const held = stage.hold(worker, 'key');
      await stillAnswers(worker);
      await untyped(worker).disconnect();
      await rejectsWith(held, 'ERR_WORKER_DISCONNECTED', '"hold"');
      await rejectsWith(worker.send('echo', 1), 'ERR_WORKER_DISCONNECTED', '"echo"', 'reconnect()');
      throwsWith(() => worker.post('echo', 1), 'ERR_WORKER_DISCONNECTED', '"echo"', 'reconnect()');
      await untyped(worker).reconnect();
      await stillAnswers(worker);
    },
  },
  {
    name: 'notifications right before disconnect() arrive',
    appliesTo,
    async test(stage) {
      const worker = await stage.start();
      const { caseId } = stage;
      for (let value = 0; value < ROUNDS; value++) worker.post('note', { caseId, value });
      await untyped(worker).disconnect();
      await untyped(worker).reconnect();
      assert.deepEqual(await worker.send('noted', { caseId }), [0, 1, 2, 3, 4]);
    },
  },
  {
    name: 'an answer to a request before disconnect() settles no later request',
    appliesTo,
    async test(stage) {
      // Repeated ids.
      const ids = ['first', 'second', 'first', 'third'];
      const worker = await stage.start({ txIdGenerator: () => ids.shift() ?? crypto.randomUUID() });
      const before = stage.hold(worker, 'before');
      await stillAnswers(worker);
      await untyped(worker).disconnect();
      await rejectsWith(before, 'ERR_WORKER_DISCONNECTED');
      await untyped(worker).reconnect();
      const after = stage.hold(worker, 'after');
      assert.equal(await stage.release(worker, 'before'), 1);
      assert.equal(await stage.release(worker, 'after'), 1);
      assert.equal(await after, 'after');
    },
  },
  {
    name: 'close() ends a disconnected worker',
    appliesTo,
    async test(stage) {
      const worker = await stage.start();
      await untyped(worker).disconnect();
      await worker.close();
      assert.equal(worker.isActive, false);
      await rejectsWith(untyped(worker).reconnect(), 'ERR_WORKER_CLOSED');
    },
  },
];
