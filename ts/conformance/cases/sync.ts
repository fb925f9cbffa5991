import assert from 'node:assert/strict';

import { WorkerCrashedError } from '../../index.js';
import type { Definition, Traits } from '../definition.js';
import { stillAnswers, throwsWith, upTo } from '../expect.js';
import type { ConformanceWorker, StartOptions } from '../harness.js';

type HostHandlers = NonNullable<StartOptions['handlers']>;

const appliesTo = ({ sync }: Traits) => sync === true;

interface Blocking {
  sendSync(type: string, payload?: unknown, options?: { timeout?: number }): unknown;
}

function blocking(worker: ConformanceWorker): Blocking {
  return worker as unknown as Blocking;
}

/** The error that `act` throws. */
function thrown(act: () => unknown): Error & Record<string, unknown> {
  try {
    act();
  } catch (error) {
    return error as Error & Record<string, unknown>;
  }
  assert.fail('it was expected to throw, and it did not');
}

/** Requests that block the host's thread. */
export const sync: readonly Definition[] = [
  {
    name: 'sendSync returns what the handler returned, asynchronous ones included, in the tick of the call',
    appliesTo,
    async test(stage) {
      const worker = await stage.start();
      let hasRun = false;
      queueMicrotask(() => (hasRun = true));
      assert.deepEqual(blocking(worker).sendSync('echo', { a: [1, 'ä€😀'] }), { a: [1, 'ä€😀'] });
      assert.equal(blocking(worker).sendSync('later', { ms: 5, value: 'late' }), 'late');
      assert.equal(blocking(worker).sendSync('nothing'), undefined);
      assert.equal(hasRun, false);
    },
  },
  {
    name: 'sendSync reaches a worker that is still starting',
    appliesTo,
    async test(stage) {
      const worker = await stage.start({ waitForReady: false });
      assert.equal(blocking(worker).sendSync('echo', 'early'), 'early');
      await stillAnswers(worker);
    },
  },
  {
    name: 'sendSync follows earlier messages, whose answers arrive later, in order',
    appliesTo,
    async test(stage) {
      const worker = await stage.start();
      const caseId = stage.caseId;
      const order: unknown[] = [];
      const before = upTo(50).map((value) => worker.send('echo', value).then((echo) => void order.push(echo)));
      upTo(50).forEach((value) => worker.post('note', { caseId, value }));
      assert.deepEqual(blocking(worker).sendSync('noted', { caseId }), upTo(50));
      assert.deepEqual(order, [], 'nobody was told while the thread was blocked');
      await Promise.all(before);
      assert.deepEqual(order, upTo(50));
    },
  },
  {
    name: 'answers that arrive while sendSync waits settle afterwards, whatever their size',
    appliesTo,
    async test(stage) {
      const worker = await stage.start();
      const payload = (index: number) => `${index}`.repeat(1 + ((index * 977) % 40_000));
      const before = upTo(200).map((index) => worker.send('echo', payload(index)));
      for (const index of upTo(20)) assert.equal(blocking(worker).sendSync('echo', index), index);
      assert.deepEqual(await Promise.all(before), upTo(200).map(payload));
    },
  },
  {
    name: 'sendSync throws the error of the handler',
    appliesTo,
    async test(stage) {
      const worker = await stage.start();
      const error = thrown(() => blocking(worker).sendSync('fail', { caseId: stage.caseId, failure: 'RangeError' }));
      assert.ok(error instanceof RangeError, String(error));
      throwsWith(() => blocking(worker).sendSync('no such type'), 'ERR_UNKNOWN_MESSAGE_TYPE', 'no such type');
      throwsWith(() => blocking(worker).sendSync('unsendable'), 'ERR_NOT_SERIALIZABLE');
      await stillAnswers(worker);
    },
  },
  {
    name: 'sendSync throws at its timeout, and aborts the signal of the handler',
    appliesTo,
    async test(stage) {
      const worker = await stage.start();
      const caseId = stage.caseId;
      const patient = () => blocking(worker).sendSync('patient', { caseId, key: 'a' }, { timeout: 50 });
      throwsWith(patient, 'ERR_MESSAGE_TIMEOUT', '50 ms', 'patient');
      while (!(await worker.send('noted', { caseId })).includes('a aborted')) await stillAnswers(worker);
    },
  },
  {
    name: 'sendSync to a worker that ends throws its crash',
    appliesTo: (traits) => appliesTo(traits) && traits.endsAlone,
    async test(stage) {
      const worker = await stage.start({ name: 'the lost one' });
      const lost = worker.send('later', { ms: 600_000, value: 1 }).then(
        () => 'answered',
        (error: unknown) => error,
      );
      const error = thrown(() => blocking(worker).sendSync('exit', 3));
      assert.ok(error instanceof WorkerCrashedError, String(error.stack));
      assert.equal(error.messageType, 'exit');
      assert.equal(error.worker, 'the lost one');
      assert.ok((await lost) instanceof WorkerCrashedError);
    },
  },
  {
    name: 'a host that sendSync blocks refuses the requests of its worker at once, and serves them afterwards',
    appliesTo,
    async test(stage) {
      const worker = await stage.start({
        handlers: { hostEcho: (payload: unknown) => payload } as unknown as HostHandlers,
      });
      const answer = blocking(worker).sendSync('ask', { type: 'hostEcho', payload: 1 }) as { code?: unknown };
      assert.equal(answer.code, 'ERR_HOST_BLOCKED');
      assert.deepEqual(await worker.send('ask', { type: 'hostEcho', payload: 1 }), { value: 1 });
    },
  },
  {
    name: 'sendSync of a payload that cannot be sent throws, and leaves nothing behind',
    appliesTo,
    async test(stage) {
      const worker = await stage.start();
      throwsWith(() => blocking(worker).sendSync('echo', () => {}), 'ERR_NOT_SERIALIZABLE');
      throwsWith(() => blocking(worker).sendSync('echo', 1, { timeout: -1 }), 'ERR_INVALID_OPTION', 'timeout');
      await stillAnswers(worker);
      await worker.close();
      throwsWith(() => blocking(worker).sendSync('echo', 1), 'ERR_WORKER_CLOSED');
    },
  },
  {
    name: 'sendSync passes synchronous middleware, and throws for asynchronous middleware',
    appliesTo,
    async test(stage) {
      const seen: string[] = [];
      const worker = await stage.start({
        middleware: (message, direction) => void seen.push(`${direction} ${message.type}`),
      });
      assert.equal(blocking(worker).sendSync('echo', 1), 1);
      assert.deepEqual(seen, ['outgoing echo', 'incoming echoResult']);
      const slow = await stage.start({ middleware: async () => {} });
      throwsWith(() => blocking(slow).sendSync('echo', 1), 'ERR_ASYNC_MIDDLEWARE', 'echo');
      await stillAnswers(slow);
    },
  },
  {
    name: 'a driver that cannot send to a blocked thread says so',
    appliesTo: (traits) => !appliesTo(traits),
    async test(stage) {
      const worker = await stage.start();
      throwsWith(
        () => blocking(worker).sendSync('echo', 1),
        'ERR_UNSUPPORTED_BY_DRIVER',
        'sendSync()',
        'child_process',
      );
    },
  },
];
