// The addon reuses the memory of large results and payloads. Programs can notice that only by the time.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';

import { fixture, start } from '../fixtures/support.mjs';

const MIB = 1 << 20;
const begin = (t: TestContext) => start<any>(t, { script: fixture('large.mjs'), serializer: 'structured' });

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** So that memory which nobody refers to is known to be free. */
async function collectAll(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    collect();
    await turn();
  }
}

// The first, so that nothing of another test goes meanwhile.
test('The host frees the memory of large results that it has not reused for a moment', async (t) => {
  const worker = await begin(t);
  await worker.send('make', { size: 1, fill: 1 });
  let results: unknown[] = [];
  await collectAll();
  const before = process.memoryUsage.rss();
  for (let fill = 1; fill < 5; fill++) results.push(await worker.send('make', { size: 32 * MIB, fill }));
  assert.ok(process.memoryUsage.rss() - before > 128 * MIB);
  results = [];
  await collectAll();
  while (process.memoryUsage.rss() - before > 32 * MIB) await delay(10);
  assert.deepEqual((await worker.send('make', { size: 32 * MIB, fill: 9 }))[5], 9);
});

test('A large result keeps its bytes while later results arrive', async (t) => {
  const worker = await begin(t);
  const kept: Uint8Array[] = [];
  for (let fill = 1; fill < 13; fill++) {
    // Of different sizes, so that some fit where others were.
    const result = (await worker.send('make', { size: (16 + (fill % 3) * 7) * MIB, fill })) as Uint8Array;
    if (fill % 4 === 0) kept.push(result);
    await collectAll();
  }
  const expected = [4, 8, 12].map((fill) => Buffer.alloc((16 + (fill % 3) * 7) * MIB, fill));
  await worker.close();
  await collectAll();
  assert.deepEqual(
    kept.map((result, index) => Buffer.compare(result, expected[index] as Buffer)),
    [0, 0, 0],
  );
});

test('A large payload that a handler keeps has its bytes while later payloads arrive', async (t) => {
  const worker = await begin(t);
  await worker.send('keep', Buffer.alloc(16 * MIB, 1));
  for (let fill = 2; fill < 8; fill++) {
    const back = (await worker.send('echo', Buffer.alloc(16 * MIB, fill))) as Uint8Array;
    assert.deepEqual([back.length, back[0], back.at(-1)], [16 * MIB, fill, fill]);
  }
  assert.equal(Buffer.compare((await worker.send('kept')) as Uint8Array, Buffer.alloc(16 * MIB, 1)), 0);
});

test('The views of a large result share its memory and equal the views that the worker sent', async (t) => {
  const worker = await begin(t);
  const memory = new Float64Array(4 * MIB).fill(0.5);
  const [whole, end, alone] = await worker.send('echo', [
    memory,
    memory.subarray(4 * MIB - 2),
    Buffer.alloc(16 * MIB, 3),
  ]);
  end[1] = 7;
  assert.ok(whole instanceof Float64Array && Buffer.isBuffer(alone));
  assert.deepEqual([whole.length, whole[0], whole.at(-1), alone.length, alone[5]], [4 * MIB, 0.5, 7, 16 * MIB, 3]);
});

test('A thread receives a large result whole by transfer, even after its worker has ended', async () => {
  const program = fileURLToPath(fixture('runtimes/moves.mjs'));
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', program]);
  // Node 20 copies what is not memory of V8's.
  const left = Number.parseInt(process.versions.node, 10) > 20 ? 0 : 16 * MIB;
  assert.deepEqual(JSON.parse(stdout), { left, there: [16 * MIB, true] });
});

test('A large result outlives the thread whose host received it', async (t) => {
  const thread = new Worker(fixture('thread-host.mjs'));
  t.after(() => thread.terminate());
  const ended = once(thread, 'exit');
  const [result] = (await once(thread, 'message')) as [Uint8Array];
  await ended;
  assert.equal(Buffer.compare(result, Buffer.alloc(16 * MIB, 1)), 0);
});
