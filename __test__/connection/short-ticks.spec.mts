// The output of many short ticks of one turn of the event loop.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';

import { createWorker, type WorkerClient } from 'isolated-workers';

import type { Loose } from '../fixtures/faults/support.mjs';
import { fixture } from '../fixtures/support.mjs';

const LONG = 10_000;
const MANY = 200;

async function start(t: TestContext) {
  const worker = (await createWorker({ script: fixture('short-ticks-worker.mjs') })) as unknown as WorkerClient<Loose>;
  const folder = mkdtempSync(path.join(tmpdir(), 'isolated-workers-'));
  t.after(async () => {
    await worker.close();
    rmSync(folder, { recursive: true });
  });
  return { worker, file: path.join(folder, 'made') };
}

/** Runs each act in a tick of its own, all of them in one turn of the event loop; resolves with what the last returns. */
function inTicks<T>(acts: (() => T)[]): Promise<T> {
  return new Promise((resolve, reject) => {
    const next = (index: number) => {
      try {
        const result = (acts[index] as () => T)();
        if (index === acts.length - 1) resolve(result);
        // Node runs microtasks, in which output is written, when no tick is left.
        else queueMicrotask(() => process.nextTick(next, index + 1));
      } catch (error) {
        reject(error as Error);
      }
    };
    // A turn that no message has begun: the output of what follows a message leaves when all of that is done.
    setImmediate(next, 0);
  });
}

test('Notifications and requests of many short ticks arrive in their order', async (t) => {
  const { worker, file } = await start(t);
  const numbers = Array.from({ length: MANY }, (_, number) => number);
  await inTicks<unknown>([
    ...numbers.map((number) => () => worker.post('note', number)),
    () => void worker.send('make', file),
    ...numbers.map((number) => () => worker.post('note', number)),
  ]);
  assert.deepEqual(await worker.send('seen'), [...numbers, 'make', ...numbers]);
});

test('A request behind notifications of short ticks leaves before a tick that computes', async (t) => {
  const { worker, file } = await start(t);
  const isMade = await inTicks<boolean | undefined>([
    ...Array.from({ length: MANY }, (_, number) => () => void worker.post('note', number)),
    () => void worker.send('make', file),
    () => {
      const end = performance.now() + LONG;
      while (performance.now() < end) if (existsSync(file)) return true;
      return false;
    },
  ]);
  assert.equal(isMade, true);
});
