// A peer sends each field of each message in each wrong shape: it fails only its own request. The library throws no
// exception, and leaves no request without an outcome.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { createWorker, type WorkerClient, WorkerError } from 'isolated-workers';

import { fixture, type Loose, RecordingLogger } from '../fixtures/faults/support.mjs';
import { errorsWith, messagesWith, shapes } from '../fixtures/faults/shapes.mjs';
import { collectUncaught } from '../fixtures/uncaught.mjs';

/** How many requests are answered in one write with the bad one. */
const NEIGHBOURS = 4;

const uncaught = collectUncaught();

const handlers = {
  echo: (payload: unknown) => payload,
  wait: () => new Promise(() => {}),
  async *count() {
    yield 1;
  },
  async take(_: unknown, { input }: { input: AsyncIterable<unknown> }) {
    for await (const chunk of input) void chunk;
    return 'taken';
  },
};

async function start(layout: string): Promise<WorkerClient<Loose>> {
  const options = { script: fixture('hostile-shapes'), argv: [layout], logger: new RecordingLogger(), timeout: 30_000 };
  return createWorker<Loose>({ ...options, serializer: 'json', handlers } as never) as Promise<WorkerClient<Loose>>;
}

/** Sends a request that is answered with this text, between others that are answered well; gives how it ended. */
async function provoke(worker: WorkerClient<Loose>, text: string): Promise<PromiseSettledResult<unknown>> {
  const total = NEIGHBOURS + 1;
  const bad = Math.floor(total / 2);
  const requests = Array.from({ length: total }, (_, index) =>
    worker.send('batch', { count: total, value: index, ...(index === bad && { text }) }),
  );
  const outcomes = await Promise.allSettled(requests);
  for (const [index, outcome] of outcomes.entries()) {
    if (index !== bad) assert.deepEqual(outcome, { status: 'fulfilled', value: index });
  }
  assert.deepEqual(uncaught, []);
  return outcomes[bad] as PromiseSettledResult<unknown>;
}

for (const layout of ['', 'headFirst']) {
  describe(layout === '' ? 'A peer with JSON of its own' : 'A peer that promises our layout', () => {
    let worker: WorkerClient<Loose>;
    before(async () => {
      worker = await start(layout);
    });
    after(() => worker.close());

    for (const [field, make] of Object.entries(errorsWith)) {
      test(`fails one request with an error whose ${field} has any shape`, async () => {
        for (const [shape, json] of Object.entries(shapes)) {
          const outcome = await provoke(worker, `{"type":"TYPEError","tx":"TX","payload":${make(json)}}`);
          assert.equal(outcome.status, 'rejected', shape);
          const { reason } = outcome as PromiseRejectedResult;
          assert.ok(reason instanceof Error, shape);
          // Either what the peer told, marked as told by it, or that it cannot be read.
          const isRemote = (reason as { isRemote?: unknown }).isRemote === true;
          assert.ok(isRemote || (reason instanceof WorkerError && reason.code === 'ERR_MALFORMED_MESSAGE'), shape);
          assert.equal(({} as { polluted?: unknown }).polluted, undefined);
          assert.equal(typeof reason.message, 'string', shape);
          assert.equal(typeof reason.name, 'string', shape);
        }
        assert.equal(await worker.send('plain', 'alive'), 'alive');
      });
    }

    for (const [field, make] of Object.entries(messagesWith)) {
      test(`leaves its host unharmed when it sends ${field} in any shape`, async () => {
        for (const [shape, json] of Object.entries(shapes)) {
          // The message comes in front of the answer, in the same write.
          const good = '{"type":"TYPEResult","tx":"TX","payload":"good"}';
          const outcome = await provoke(worker, `${make(json)}\n${good}`);
          if (outcome.status === 'fulfilled') assert.equal(outcome.value, 'good', shape);
          else assert.ok(outcome.reason instanceof Error, shape);
        }
        assert.equal(await worker.send('plain', 'alive'), 'alive');
      });
    }
  });
}

for (const [shape, json] of Object.entries(shapes)) {
  test(`A worker whose fatal error is ${shape} has crashed, with or without a cause`, async () => {
    const worker = await start('headFirst');
    const outcome = await provoke(worker, `{"kind":"fatal","payload":${json}}\n{"type":"TYPEResult","tx":"TX"}`);
    assert.equal(outcome.status, 'fulfilled');
    assert.equal(await worker.send('plain', 'alive'), 'alive');
    const lost = worker.send('batch', { count: 99 }).catch((error: unknown) => error);
    process.kill(worker.pid as number, 'SIGKILL');
    const error = (await lost) as WorkerError;
    assert.equal(error.code, 'ERR_WORKER_CRASHED');
    assert.equal(typeof error.message, 'string');
    assert.deepEqual(uncaught, []);
  });
}
