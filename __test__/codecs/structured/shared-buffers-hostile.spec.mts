// A worker passes wrong memory: it can fail its own messages, and nothing else. The worker uses none of this package's
// code.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, test, type TestContext } from 'node:test';

import { createSharedBuffer, createWorker, type SharedBuffer, type WorkerOptions } from 'isolated-workers';

import { failure, fixture } from '../../fixtures/support.mjs';

const MIB = 1 << 20;
const hasPython = spawnSync('python3', ['--version']).status === 0;
const skip = process.platform !== 'linux' ? 'memory is passed on Linux only' : !hasPython && 'no python3';

async function begin(t: TestContext, options: Partial<WorkerOptions<any>> = {}, extensions = ['sharedMemory']) {
  const worker = await createWorker<any>({
    script: fixture('shares-by-hand.py'),
    execPath: 'python3',
    execArgv: [],
    argv: [JSON.stringify(extensions)],
    serializer: 'structured',
    ...options,
  });
  t.after(() => worker.kill());
  return worker;
}

const maps = () => readFileSync('/proc/self/maps', 'utf8');
/** Whether this process has mapped memory of a worker. */
const mapped = ({ pid }: { pid: number }) => maps().includes(`memfd:by-hand-${pid} `);

describe('A shared buffer that a worker passes', { skip }, () => {
  test('fails its message where the host has not opted in, and the host does not map it', async (t) => {
    const worker = await begin(t);
    const [first, unasked, last] = await Promise.allSettled(['fine', 'whole', 'fine'].map((type) => worker.send(type)));
    for (const each of [first, last]) assert.deepEqual(each, { status: 'fulfilled', value: 1 });
    assert.equal(unasked?.status, 'rejected');
    assert.equal(unasked.reason.code, 'ERR_MALFORMED_MESSAGE');
    assert.match(unasked.reason.message, /this side takes none: it needs `sharedMemory: true`/);
    assert.equal(mapped(worker), false);
  });

  test('fails a sendSync where the host has not opted in', async (t) => {
    const worker = await begin(t);
    assert.throws(() => worker.sendSync('whole'), { code: 'ERR_MALFORMED_MESSAGE' });
    assert.equal(worker.sendSync('fine'), 1);
    assert.equal(mapped(worker), false);
  });

  test('is the same memory in a host that has opted in', async (t) => {
    const worker = await begin(t, { sharedMemory: true });
    const buffer: SharedBuffer = await worker.send('whole');
    assert.deepEqual([buffer.byteLength, buffer.read(0, 6).toString()], [4096, 'shared']);
    assert.equal(mapped(worker), true);
  });

  const lies: [title: string, type: string, pattern: RegExp][] = [
    ['of which it shows the start', 'start', /has 8192 bytes, and may have 4096/],
    ['of which it shows the end', 'end', /has 8192 bytes, and may have 4096/],
    ['of which it shows more than there is', 'more', /8192 bytes at 0 are not the whole of a shared buffer of 4096/],
    ['of which it shows nothing', 'nothing', /has 4096 bytes, and may have 0/],
    ['larger than a message may be', 'huge', /has 1099511627776 bytes, the limit is 268435456/],
    ['as the memory of a view', 'view', /its value is not the one part it has/],
    ['that did not come', 'absent', /did not come with it/],
  ];
  for (const [title, type, pattern] of lies) {
    test(`${title} fails its message alone, and the host does not map it`, async (t) => {
      const worker = await begin(t, { sharedMemory: true });
      const [bad, good] = await Promise.allSettled([worker.send(type), worker.send('fine')]);
      assert.equal(bad.status, 'rejected');
      assert.equal(bad.reason.code, 'ERR_MALFORMED_MESSAGE');
      assert.match(bad.reason.message, pattern);
      assert.deepEqual(good, { status: 'fulfilled', value: 1 });
      if (type !== 'view') assert.equal(mapped(worker), false);
    });
  }

  test('over `maxMessageSize` fails its message', async (t) => {
    const worker = await begin(t, { sharedMemory: true, maxMessageSize: 4096 });
    assert.match((await failure(worker.send('start'))).message, /has 8192 bytes, and may have 4096/);
    const error = await failure(worker.send('more'));
    assert.match(error.message, /has 8192 bytes, the limit is 4096/);
  });
});

describe('A host that has opted in', { skip }, () => {
  test('refuses to send a shared buffer to a worker without the extension, and its error names the option', async (t) => {
    const worker = await begin(t, { sharedMemory: true });
    const error = await failure(worker.send('fine', { deep: [createSharedBuffer(10)] }));
    assert.equal(error.code, 'ERR_NOT_SERIALIZABLE');
    assert.match(
      error.message,
      /the worker does not accept shared buffers: give its `startWorkerServer` `sharedMemory: true`/,
    );
    assert.equal(await worker.send('fine'), 1);
  });
});

describe('A large part that its sender changes all the time', { skip }, () => {
  for (const [type, length] of [
    ['changing bytes', 2 * MIB],
    ['changing latin1', 2 * MIB],
    ['changing utf16', MIB],
  ] as const) {
    test(`arrives as a copy that no longer changes (${type})`, async (t) => {
      const worker = await begin(t);
      for (let round = 0; round < 10; round++) {
        const copy: Buffer | string = await worker.send(type);
        assert.equal(copy.length, length);
        const bytes = () => Buffer.from(copy as string, 'utf16le');
        const before = bytes();
        await worker.send('fine');
        assert.ok(before.equals(bytes()));
        if (typeof copy !== 'string') copy.toString('utf8', 0, 100_000);
        else assert.equal(JSON.parse(JSON.stringify(copy)), copy);
      }
    });
  }
});
