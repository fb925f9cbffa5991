import assert from 'node:assert/strict';
import diagnostics from 'node:diagnostics_channel';

import { WorkerCrashedError } from '../../index.js';
import type { Definition } from '../definition.js';
import { rejection, stillAnswers } from '../expect.js';
import type { Stage } from '../harness.js';

const names = ['start', 'send', 'result', 'error', 'crash', 'close'];

type Details = Record<string, unknown>;
type Told = readonly [event: string, details: Details];

/** Runs `act` and records events of workers with the case's name: other cases may run at once. */
async function listen({ caseId }: Stage, act: (told: readonly Told[]) => Promise<void>): Promise<void> {
  const told: Told[] = [];
  const listeners = names.map((event) => {
    const listener = (message: unknown) => {
      const details = message as Details;
      if (((details['message'] ?? details) as Details)['worker'] === caseId) told.push([event, details]);
    };
    diagnostics.subscribe(`isolated-workers:${event}`, listener);
    return () => diagnostics.unsubscribe(`isolated-workers:${event}`, listener);
  });
  try {
    await act(told);
  } finally {
    for (const end of listeners) end();
  }
}

const eventsOf = (told: readonly Told[]) => told.map(([event]) => event);
const detailsOf = (told: readonly Told[], wanted?: string) =>
  told.filter(([event]) => wanted === undefined || event === wanted).map(([, details]) => details);

/** Events on `node:diagnostics_channel`. */
export const diagnosticsCases: readonly Definition[] = [
  {
    name: 'diagnostics_channel reports the start of a worker, its messages with their outcomes, and its end, in order',
    test: (stage) =>
      listen(stage, async (told) => {
        const { caseId } = stage;
        const worker = await stage.start({ name: caseId });
        const { pid } = worker;
        const payload = { number: 1 };
        const echoed = await worker.send('echo', payload);
        const error = await rejection(worker.send('fail', { caseId, failure: 'RangeError' }));
        worker.post('note', { caseId, value: 2 });
        const reason = await worker.close();
        assert.deepEqual(eventsOf(told), ['start', 'send', 'result', 'send', 'error', 'send', 'close']);
        const [begun, sent, result, failing, failed, posted, closed] = detailsOf(told);
        const driver = stage.driver.name;
        assert.deepEqual(begun, { worker: caseId, pid, driver });
        assert.deepEqual(sent, { worker: caseId, kind: 'request', type: 'echo', payload });
        assert.equal(sent?.['payload'], payload);
        assert.equal(result?.['message'], sent);
        assert.equal(result?.['result'], echoed);
        assert.equal(failed?.['message'], failing);
        assert.equal(failed?.['error'], error);
        for (const outcome of [result, failed]) assert.ok((outcome?.['millis'] as number) >= 0);
        assert.deepEqual(posted, { worker: caseId, kind: 'notification', type: 'note', payload: { caseId, value: 2 } });
        assert.deepEqual(closed, { worker: caseId, pid, driver, reason });
      }),
  },
  {
    name: 'diagnostics_channel reports a stream with its result, or with the reason of its end',
    test: (stage) =>
      listen(stage, async (told) => {
        const { caseId } = stage;
        const worker = await stage.start({ name: caseId });
        const whole = worker.stream('chunks', [1, 2]);
        for await (const _ of whole);
        await whole.result;
        const broken = worker.stream('numbers', { caseId, key: 'broken', failAfter: 0 });
        await rejection(broken.next());
        const error = await rejection(broken.result);
        assert.deepEqual(eventsOf(told), ['start', 'send', 'result', 'send', 'error']);
        const [, sent, result, , failed] = detailsOf(told);
        assert.deepEqual(sent, { worker: caseId, kind: 'stream', type: 'chunks', payload: [1, 2] });
        assert.equal(result?.['message'], sent);
        assert.equal(result?.['result'], 2);
        assert.equal(failed?.['error'], error);
      }),
  },
  {
    name: 'diagnostics_channel reports requests that time out, cannot be sent or are cancelled as errors',
    test: (stage) =>
      listen(stage, async (told) => {
        const worker = await stage.start({ name: stage.caseId });
        const controller = new AbortController();
        const errors = [
          await rejection(stage.hold(worker, 'late', { timeout: 5 })),
          await rejection(worker.send('echo', () => {})),
        ];
        const cancelled = rejection(stage.hold(worker, 'cancelled', { signal: controller.signal }));
        controller.abort();
        errors.push(await cancelled);
        assert.deepEqual(eventsOf(told), ['start', 'send', 'error', 'send', 'error', 'send', 'error']);
        const failed = detailsOf(told, 'error').map(({ error }) => error);
        for (const [index, error] of errors.entries()) assert.equal(failed[index], error);
        await stage.release(worker, 'late', 'cancelled');
        await stillAnswers(worker);
      }),
  },
  {
    name: 'diagnostics_channel reports a worker that ends by itself as a crash, and then as an end',
    appliesTo: ({ endsAlone }) => endsAlone,
    test: (stage) =>
      listen(stage, async (told) => {
        const worker = await stage.start({ name: stage.caseId });
        const { pid } = worker;
        const lost = rejection(stage.hold(worker, 'lost'));
        worker.post('exit', 3);
        const error = await lost;
        await worker.close();
        assert.deepEqual(
          eventsOf(told).filter((event) => event !== 'error'),
          ['start', 'send', 'send', 'crash', 'close'],
        );
        assert.deepEqual(
          detailsOf(told, 'error').map((details) => details['error']),
          [error],
        );
        const [crash] = detailsOf(told, 'crash');
        const [close] = detailsOf(told, 'close');
        const { error: crashed, ...rest } = crash ?? {};
        assert.ok(crashed instanceof WorkerCrashedError);
        assert.deepEqual(rest, { worker: stage.caseId, pid, driver: stage.driver.name });
        assert.deepEqual(close, { ...rest, reason: crashed.reason });
      }),
  },
];
