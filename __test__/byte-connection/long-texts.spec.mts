// A worker sends texts that exceed the longest string, alone or together.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test, type TestContext } from 'node:test';

import { createWorker } from 'isolated-workers';

import { fixture } from '../fixtures/support.mjs';

const MIB = 1 << 20;
const skip = spawnSync('python3', ['--version']).status !== 0 && 'no python3';

async function begin(t: TestContext, maxMessageSize: number) {
  const script = fixture('long-text.py');
  const worker = await createWorker<any>({
    script,
    execPath: 'python3',
    execArgv: [],
    serializer: 'json',
    maxMessageSize,
  });
  t.after(() => worker.kill());
  return worker;
}

test('A text longer than the longest string fails only its own message', { skip, timeout: 120_000 }, async (t) => {
  const worker = await begin(t, 2 ** 31);
  const [first, long, last] = await Promise.allSettled([1, 513, 2].map((size) => worker.send('text', size)));
  assert.deepEqual(
    [first, last].map((each) => each?.status === 'fulfilled' && each.value.length),
    [MIB, 2 * MIB],
  );
  assert.equal(long?.status, 'rejected');
  assert.equal(long.reason.code, 'ERR_MALFORMED_MESSAGE');
  assert.match(long.reason.message, /no strings so long, for its 5379\d+ bytes/);
  assert.throws(() => worker.sendSync('text', 513), { code: 'ERR_MALFORMED_MESSAGE' });
  assert.equal(worker.sendSync('text', 1).length, MIB);
});

test('Texts that together exceed the longest string arrive', { skip, timeout: 120_000 }, async (t) => {
  const worker = await begin(t, 256 * MIB);
  // They come while this thread is blocked, and are handed on at once.
  const texts = Promise.all([1, 2, 3].map(() => worker.send('text', 180)));
  assert.equal(worker.sendSync('text', 1).length, MIB);
  assert.deepEqual(
    (await texts).map((text) => text.length),
    [180 * MIB, 180 * MIB, 180 * MIB],
  );
});
