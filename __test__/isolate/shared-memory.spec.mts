// A SharedArrayBuffer of the host is the same memory in isolates, and lives as long as anybody holds it.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { Worker } from 'node:worker_threads';

import type { IsolateOptions } from 'isolated-workers/drivers/isolate';

import { eventually, failure } from '../fixtures/support.mjs';
import { Collected, collected, handlers, held, made } from '../fixtures/isolate/shared-memory.mjs';
import { modes, startIsolate } from '../fixtures/isolate/support.mjs';

const begin = (t: TestContext, options: IsolateOptions) =>
  startIsolate(t, handlers, { sharedMemory: true, ...options });
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
/** Whether this runtime makes a SharedArrayBuffer of memory that an isolate has made. */
const takesForeign = major > 26 || { 22: 23, 24: 22, 26: 12 }[major as 22] <= minor;

for (const mode of modes) {
  describe(`With sharedMemory, mode '${mode}',`, () => {
    test('a SharedArrayBuffer is the same memory in the host and in several isolates, in any place of a value', async (t) => {
      const [one, other] = await Promise.all([begin(t, { mode }), begin(t, { mode })]);
      const memory = new SharedArrayBuffer(32);
      const words = new Int32Array(memory);
      await one.send('set', { words, index: 2, value: 7 });
      assert.equal(words[2], 7);
      words[2] = 8;
      assert.equal(await other.send('get', { words: new Int32Array(memory, 8, 1), index: 0 }), 8);
      const view = new DataView(memory, 4, 8);
      const wide = new BigInt64Array(memory, 8, 2);
      const echoed = await one.send('echo', new Map([[1, { memory, view, again: [memory, wide] }]]));
      const back = echoed.get(1);
      assert.equal(back.memory, memory);
      assert.equal(back.again[0], memory);
      assert.deepEqual([back.view.constructor, back.view.buffer, back.view.byteOffset], [DataView, memory, 4]);
      assert.deepEqual([back.again[1].constructor, back.again[1].length], [BigInt64Array, 2]);
      assert.equal((await one.send('echo', new SharedArrayBuffer(0))).byteLength, 0);
    });

    test('a function of the host takes and gives it', async (t) => {
      const memory = new SharedArrayBuffer(8);
      const globals = { given: () => memory, twice: (view: Uint8Array) => (view[0] = 2 * (view[0] as number)) };
      const own =
        'run: async () => { const view = new Uint8Array(await given()); view[0] = 4; await twice(view); return view[0]; }';
      const worker = await startIsolate(t, own, { mode, globals, sharedMemory: true });
      assert.equal(await worker.send('run'), 8);
      assert.equal(new Uint8Array(memory)[0], 8);
    });

    test('memory of the host is free with its last holder, be that the host, an isolate or a message', async (t) => {
      const before = held();
      const [one, other] = await Promise.all([begin(t, { mode }), begin(t, { mode })]);
      const gone = new Collected();
      await (async () => {
        const memory = new SharedArrayBuffer(1 << 16);
        gone.watch(memory);
        await Promise.all([one, other].map((worker) => worker.send('keep', memory)));
      })();
      assert.equal(held(), before + 1);
      await one.send('drop');
      await collected('a collection', () => true);
      assert.deepEqual([held(), gone.count], [before + 1, 0]);
      await other.send('drop');
      await collected('the memory is free', () => gone.count === 1);
      assert.equal(held(), before);
    });

    test('memory is free when the isolates that hold it are killed or go over a limit', async (t) => {
      const before = held();
      const gone = new Collected();
      const start = (limits = {}) => begin(t, { mode, limits });
      const [killed, closed, over] = await Promise.all([start(), start(), start({ cpuMsPerMessage: 60 })]);
      const ends = await (async () => {
        const memory = new SharedArrayBuffer(1 << 16);
        gone.watch(memory);
        await Promise.all([killed, closed, over].map((worker) => worker.send('keep', memory)));
        const words = new Int32Array(memory);
        // One waits for ever, and another message with the memory is never read.
        return [killed.send('wait', { words, index: 1 }), killed.send('echo', memory), over.send('loop', words)].map(
          failure,
        );
      })();
      assert.equal(held(), before + 1);
      await Promise.all([killed.close({ timeout: 20 }), closed.close()]);
      for (const end of ends) assert.ok((await end) instanceof Error);
      await collected('the memory is free', () => gone.count === 1);
      assert.equal(held(), before);
    });

    test('memory that an isolate makes reaches the host and others where the runtime can use it, and is else refused', async (t) => {
      const before = [held(), made()];
      const [one, other] = await Promise.all([begin(t, { mode }), begin(t, { mode })]);
      if (!takesForeign) {
        const error = await failure(one.send('make', 64));
        assert.equal(error.code, 'ERR_NOT_SERIALIZABLE');
        assert.match(
          error.message,
          /that this isolate has made, which this runtime of the host cannot use; let the host make it/,
        );
        return;
      }
      const gone = new Collected();
      await (async () => {
        const memory = await one.send('make', 64);
        assert.ok(memory instanceof SharedArrayBuffer);
        gone.watch(memory);
        assert.deepEqual([held(), made()], [(before[0] as number) + 1, (before[1] as number) + 64]);
        new Uint8Array(memory)[0] = 5;
        assert.equal(await one.send('first'), 5);
        await other.send('set', { words: new Int32Array(memory), index: 0, value: 6 });
        assert.equal(new Uint8Array(memory)[0], 6);
        await other.send('keep', memory);
      })();
      await one.close();
      assert.equal(await other.send('first'), 6);
      await collected('the object is gone', () => gone.count === 1);
      assert.equal(await other.send('first'), 6);
      assert.equal(made(), (before[1] as number) + 64);
      await other.send('drop');
      await collected('the memory is free', () => held() === before[0] && made() === before[1]);
    });

    test('memory counts against the limit of the isolate that has made it', async (t) => {
      const large = `make: () => { globalThis.all = []; for (;;) all.push(new SharedArrayBuffer(1 << 20)); },
        once: () => new SharedArrayBuffer(1e9), grow: () => new SharedArrayBuffer(8, { maxByteLength: 1e9 }),
        churn: () => { let last; for (let at = 0; at < 200; at++) last = new SharedArrayBuffer(1 << 20); return last.byteLength; }`;
      const start = () => startIsolate(t, large, { mode, sharedMemory: true, limits: { memoryMb: 8 } });
      assert.equal(await (await start()).send('churn'), 1 << 20);
      for (const type of ['make', 'once', 'grow']) {
        const error = await failure((await start()).send(type));
        assert.equal((error.cause as { limit?: unknown }).limit, 'memoryMb', type);
      }
      assert.equal(made(), 0);
    });

    test('memory that can grow, or is moved twice, is refused in both directions', async (t) => {
      const source = `grow: () => new SharedArrayBuffer(8, { maxByteLength: 16 }), echo: (value) => value`;
      const worker = await startIsolate(t, source, { mode, sharedMemory: true });
      const Growing = SharedArrayBuffer as unknown as new (
        size: number,
        options: { maxByteLength: number },
      ) => SharedArrayBuffer;
      const growing = new Growing(8, { maxByteLength: 16 });
      Object.defineProperty(growing, 'growable', { value: false });
      for (const refused of [
        worker.send('echo', growing),
        worker.send('echo', [new Int8Array(growing)]),
        worker.send('grow'),
      ]) {
        const error = await failure(refused);
        assert.equal(error.code, 'ERR_NOT_SERIALIZABLE');
        assert.match(error.message, /that can grow.*fixed length/);
      }
      const buffer = new ArrayBuffer(8);
      const { port1 } = new MessageChannel();
      t.after(() => port1.close());
      for (const transfer of [[buffer, buffer], [port1], [new SharedArrayBuffer(8)]]) {
        assert.equal((await failure(worker.send('echo', 1, { transfer } as never))).code, 'ERR_NOT_SERIALIZABLE');
      }
      assert.equal(buffer.byteLength, 8);
      assert.equal(await worker.send('echo', 1), 1);
    });

    test('without the option shared memory is refused in both directions, and the error names the option', async (t) => {
      const source = `make: () => new SharedArrayBuffer(8), view: () => [new Int32Array(new SharedArrayBuffer(8))], echo: (value) => value,
        own: () => { const words = new Int32Array(new SharedArrayBuffer(8)); return [Atomics.wait(words, 0, 0, 1), Atomics.notify(words, 0)]; }`;
      const globals = { given: () => new SharedArrayBuffer(8) };
      const worker = await startIsolate(t, `${source}, given: () => given().catch(({ message }) => message)`, {
        mode,
        globals,
      });
      const memory = new SharedArrayBuffer(8);
      const tries = [['echo', memory], ['echo', [new Uint8Array(memory)]], ['make'], ['view']] as const;
      for (const [type, value] of tries) {
        const error = await failure(worker.send(type, value));
        assert.equal(error.code, 'ERR_NOT_SERIALIZABLE');
        assert.match(error.message, /`sharedMemory: true` in its `driverOptions`/);
      }
      assert.match(await worker.send('given'), /sharedMemory/);
      assert.deepEqual(await worker.send('own'), ['timed-out', 0]);
    });

    test('a thousand memories at once, many of them twice, arrive as what they are, and are all free in the end', async (t) => {
      const before = held();
      const source = `sum: (list) => list.reduce((sum, memory) => sum + new Uint8Array(memory)[0], 0)`;
      const worker = await startIsolate(t, source, { mode, sharedMemory: true });
      await (async () => {
        const memories = Array.from({ length: 1000 }, () => new SharedArrayBuffer(16));
        for (const memory of memories) new Uint8Array(memory)[0] = 1;
        assert.equal(await worker.send('sum', [...memories, ...memories.slice(0, 500)]), 1500);
      })();
      await collected('all are free', () => held() === before);
    });
  });
}

test('Atomics of the host, of a thread of its own and of many isolates at once are exact', async (t) => {
  const count = 20_000;
  const isolates = await Promise.all(
    Array.from({ length: 8 }, (_, index) => begin(t, { mode: index < 6 ? 'thread' : 'cooperative' })),
  );
  const words = new Int32Array(new SharedArrayBuffer(64));
  const thread = new Worker(
    `const { workerData: words } = require('node:worker_threads');
     for (let done = 0; done < ${count}; done++) Atomics.add(words, 0, 1);`,
    { eval: true, workerData: words },
  );
  const ended = new Promise((resolve) => thread.once('exit', resolve));
  const sent = isolates.map((worker) => worker.send('add', { words, count }));
  for (let done = 0; done < count; done++) Atomics.add(words, 0, 1);
  await Promise.all([...sent, ended]);
  assert.equal(words[0], 10 * count);
});

test('A jail refuses sharedMemory, because another process cannot have the memory', async (t) => {
  const error = await failure(startIsolate(t, handlers, { jail: true, sharedMemory: true }));
  assert.equal(error.code, 'ERR_INVALID_OPTION');
  assert.match(error.message, /driverOptions\.sharedMemory must be false where `jail` is true/);
  const worker = await startIsolate(t, handlers, { jail: true });
  assert.match((await failure(worker.send('echo', new SharedArrayBuffer(8)))).message, /sharedMemory: true/);
});

test('A thread that ends takes its memory from no isolate that still runs', { timeout: 60_000 }, async () => {
  const before = held();
  const program = `
    const { createWorker } = require('isolated-workers');
    const { IsolateDriver } = require('isolated-workers/drivers/isolate');
    const { parentPort } = require('node:worker_threads');
    const source = "import { startWorkerServer } from 'isolated-workers';\\n" +
      "await startWorkerServer({ loop: (memory) => { const bytes = new Uint8Array(memory); for (;;) bytes.fill(1); } });";
    (async () => {
      for (const mode of ['thread', 'thread', 'cooperative']) {
        const driverOptions = { mode, sharedMemory: true, sources: { 'main.js': source }, limits: { cpuMsPerMessage: Infinity } };
        const worker = await createWorker({ script: 'main.js', driver: new IsolateDriver(), driverOptions });
        worker.send('loop', new SharedArrayBuffer(1 << 20)).catch(() => {});
      }
      setTimeout(() => parentPort.postMessage('started'), 50);
    })();`;
  for (let round = 0; round < 3; round++) {
    const thread = new Worker(program, { eval: true });
    await new Promise((resolve, reject) => thread.once('message', resolve).once('error', reject));
    assert.ok(held() > before);
    await thread.terminate();
    await eventually('all memories are free', () => held() === before);
  }
});
