import assert from 'node:assert/strict';

import type { Definition } from '../definition.js';
import { rejectsWith, stillAnswers, upTo } from '../expect.js';
import { quiet } from '../harness.js';
import { untilNoted } from '../until.js';

/** Resolves with the rejection of a promise, of any type. */
async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  const [outcome] = await Promise.allSettled([promise]);
  assert.equal(outcome.status, 'rejected');
  return (outcome as PromiseRejectedResult).reason;
}

/** Cancelled requests. */
export const cancellation: readonly Definition[] = [
  {
    name: 'an abort rejects the request with the reason, and aborts the signal of its handler',
    async test(stage) {
      const worker = await stage.start();
      const { caseId } = stage;
      const controller = new AbortController();
      const { signal } = controller;
      const aborted = quiet(worker.send('patient', { caseId, key: 'a' }, { signal }));
      const other = worker.send('patient', { caseId, key: 'b' });
      await untilNoted(stage, worker, 'b begun');
      const reason = { why: 'enough' };
      controller.abort(reason);
      assert.equal(await reasonOf(aborted), reason);
      const notes = await untilNoted(stage, worker, 'a aborted');
      assert.ok(!notes.includes('b aborted'));
      assert.equal(await stage.release(worker, 'b'), 1);
      assert.equal(await other, 'b');
    },
  },
  {
    name: 'an aborted signal rejects the request, and the host sends nothing',
    async test(stage) {
      const worker = await stage.start();
      const { caseId } = stage;
      const reason = new Error('before');
      const options = { signal: AbortSignal.abort(reason) };
      assert.equal(await reasonOf(worker.send('note', { caseId, value: 1 }, options)), reason);
      const stream = worker.stream('numbers', { caseId, key: 'never' }, options);
      assert.equal(await reasonOf(stream.next()), reason);
      assert.equal(await reasonOf(stream.result), reason);
      assert.deepEqual(await worker.send('noted', { caseId }), []);
      assert.deepEqual(await worker.send('made', { caseId, key: 'never' }), { made: 0, ended: false });
    },
  },
  {
    name: 'an abort in the tick of the send, and one after the answer, affect no other request',
    async test(stage) {
      const worker = await stage.start();
      const early = new AbortController();
      const sent = worker.send('echo', 'early', { signal: early.signal });
      early.abort();
      assert.equal(((await reasonOf(sent)) as Error).name, 'AbortError');
      const late = new AbortController();
      assert.equal(await worker.send('echo', 'late', { signal: late.signal }), 'late');
      late.abort();
      await stillAnswers(worker);
    },
  },
  {
    name: 'one signal ends many requests, and no other',
    async test(stage) {
      const worker = await stage.start();
      const controller = new AbortController();
      const { signal } = controller;
      const held = upTo(50).map((key) => quiet(stage.hold(worker, key, { signal })));
      const answered = upTo(50).map((value) => worker.send('echo', value, { signal }));
      const other = stage.hold(worker, 'other');
      assert.deepEqual(await Promise.all(answered), upTo(50));
      controller.abort('all of them');
      assert.deepEqual(
        await Promise.all(held.map(reasonOf)),
        upTo(50).map(() => 'all of them'),
      );
      // Handlers of the others do not listen to their signals.
      await stage.release(worker, 'other', ...upTo(50));
      assert.equal(await other, 'other');
    },
  },
  {
    name: 'a request that times out aborts the signal of its handler',
    async test(stage) {
      const worker = await stage.start();
      const { caseId } = stage;
      await rejectsWith(worker.send('patient', { caseId, key: 'late' }, { timeout: 30 }), 'ERR_MESSAGE_TIMEOUT');
      await untilNoted(stage, worker, 'late aborted');
      await stillAnswers(worker);
    },
  },
  {
    name: 'a handler has the type, the transaction id and the server in its context',
    async test(stage) {
      let tx: string | undefined;
      const worker = await stage.start({
        middleware: (message, direction) => {
          if (direction === 'outgoing' && message.type === 'context') ({ tx } = message);
        },
      });
      const context = await worker.send('context');
      assert.ok(typeof tx === 'string' && tx.length > 0);
      assert.deepEqual(context, { type: 'context', tx, aborted: false, isServer: true });
    },
  },
  {
    name: 'the host ends a worker that ignores an abort, where the options say so, and reports a crash',
    appliesTo: ({ endsAlone }) => endsAlone,
    async test(stage) {
      const worker = await stage.start();
      const { caseId } = stage;
      const escalate = { terminateAfter: 50, killAfter: 5000 };
      const heeds = AbortSignal.timeout(10);
      // On a busy machine a worker may take long to say that it has heeded.
      const patient = { terminateAfter: 4000, killAfter: 5000 };
      await reasonOf(worker.send('patient', { caseId, key: 'heeds' }, { signal: heeds, escalate: patient }));
      await untilNoted(stage, worker, 'heeds aborted');
      const held = quiet(stage.hold(worker, 'neighbour'));
      await rejectsWith(worker.send('stubborn', undefined, { timeout: 10, escalate }), 'ERR_MESSAGE_TIMEOUT');
      await rejectsWith(held, 'ERR_WORKER_CRASHED');
    },
  },
];
