import assert from 'node:assert/strict';

import { ChildProcessDriver, WorkerCrashedError, WorkerThreadsDriver } from '../../index.js';
import type { Definition, Traits } from '../definition.js';
import { rejection, rejectsWith, stillAnswers, throwsWith, upTo } from '../expect.js';
import { type ConformanceWorker, quiet, type Stage } from '../harness.js';

const appliesTo = ({ endsAlone }: Traits) => endsAlone;
const CODE = 3;

/** Ends the worker; resolves with the rejection of that request. */
async function crash(worker: ConformanceWorker): Promise<WorkerCrashedError> {
  const error = await rejection(worker.send('exit', CODE));
  assert.ok(error instanceof WorkerCrashedError, `not a WorkerCrashedError: ${String(error.stack)}`);
  return error;
}

function checkReason({ reason }: WorkerCrashedError, { driver }: Stage): void {
  const isBuiltIn = driver instanceof ChildProcessDriver || driver instanceof WorkerThreadsDriver;
  if (isBuiltIn) assert.deepEqual(reason, { type: 'exit', code: CODE, signal: null });
  else assert.ok(['exit', 'error', 'close'].includes(reason?.type), `the reason is ${JSON.stringify(reason)}`);
}

/** Workers that exit. */
export const crashes: readonly Definition[] = [
  {
    name: 'a worker that ends by itself rejects its requests, with how it ended',
    appliesTo,
    async test(stage) {
      const worker = await stage.start({ name: 'the lost one' });
      const error = await crash(worker);
      assert.equal(error.name, 'WorkerCrashedError');
      assert.equal(error.code, 'ERR_WORKER_CRASHED');
      assert.equal(error.worker, 'the lost one');
      assert.equal(error.pid, worker.pid);
      assert.equal(error.phase, 'running');
      assert.equal(error.messageType, 'exit');
      checkReason(error, stage);
    },
  },
  {
    name: 'each request in flight rejects once when the worker ends, and its error names its type',
    appliesTo,
    async test(stage) {
      const worker = await stage.start();
      const outcomes: unknown[] = [];
      const isLost = (request: Promise<unknown>) =>
        quiet(rejection(request).then((error) => void outcomes.push(error['messageType'])));
      const requests: Promise<void>[] = [
        ...upTo(20).map((key) => isLost(stage.hold(worker, key))),
        isLost(worker.send('later', { ms: 600_000, value: 1 })),
      ];
      await crash(worker);
      await Promise.all(requests);
      assert.deepEqual(outcomes, [...upTo(20).map(() => 'hold'), 'later']);
    },
  },
  {
    name: 'the answers of a worker before its end arrive',
    appliesTo,
    async test(stage) {
      const worker = await stage.start();
      const numbers = upTo(50);
      const held = quiet(rejection(stage.hold(worker, 'never')));
      const answers = quiet(Promise.all(numbers.map((number) => worker.send('echo', { number }))));
      const crashed = quiet(crash(worker));
      assert.deepEqual(
        await answers,
        numbers.map((number) => ({ number })),
      );
      await crashed;
      assert.equal((await held)['messageType'], 'hold');
    },
  },
  {
    name: 'a worker that has ended takes no messages, and can be closed',
    appliesTo,
    async test(stage) {
      const worker = await stage.start();
      await crash(worker);
      assert.deepEqual([worker.isActive, worker.isConnected], [false, false]);
      const error = await rejectsWith(worker.send('echo', 1), 'ERR_WORKER_CRASHED');
      checkReason(error as unknown as WorkerCrashedError, stage);
      assert.equal(error['messageType'], 'echo');
      throwsWith(() => worker.post('echo', 1), 'ERR_WORKER_CRASHED');
      await worker.close();
      await worker.close();
    },
  },
  {
    name: 'the end of a worker affects no other worker, and the host can start another',
    appliesTo,
    async test(stage) {
      const [lost, other] = await Promise.all([stage.start(), stage.start()]);
      const held = stage.hold(other, 'held');
      await crash(lost);
      await stage.release(other, 'held');
      assert.equal(await held, 'held');
      await stillAnswers(await stage.start());
    },
  },
];
