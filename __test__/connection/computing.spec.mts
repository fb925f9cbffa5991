// A message leaves while code of its sender computes in the same tick.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test, type TestContext } from 'node:test';

import { ChildProcessDriver, createWorker, type WorkerClient, WorkerThreadsDriver } from 'isolated-workers';

import type { Loose } from '../fixtures/faults/support.mjs';
import { fixture } from '../fixtures/support.mjs';

const LONG = 10_000;

const make = (file: unknown) => writeFileSync(file as string, '');

/** Computes for a few milliseconds, and then until these files are there; `false`: one never was. */
function compute(files: string[]): boolean[] {
  const begin = performance.now();
  while (performance.now() - begin < 5);
  return files.map((file) => {
    while (performance.now() - begin < LONG) if (existsSync(file)) return true;
    return false;
  });
}

for (const Driver of [ChildProcessDriver, WorkerThreadsDriver]) {
  describe(`${Driver.name}: a message reaches the other side while its sender computes:`, () => {
    /** Its worker learns that the handler computes for long. */
    async function learn(worker: WorkerClient<Loose>) {
      for (let run = 0; run < 2; run++) assert.deepEqual(await worker.send('compute', []), []);
    }

    async function start(t: TestContext) {
      const folder = mkdtempSync(path.join(tmpdir(), 'isolated-workers-'));
      const worker = (await createWorker({
        script: fixture('computing-worker.mjs'),
        driver: Driver,
        handlers: { make, quick: (file: string) => file, compute },
      } as never)) as unknown as WorkerClient<Loose>;
      t.after(async () => {
        await worker.close();
        rmSync(folder, { recursive: true });
      });
      return { worker, files: ['one', 'two', 'three'].map((name) => path.join(folder, name)) };
    }

    test('progress', async (t) => {
      const { worker, files } = await start(t);
      assert.deepEqual(await worker.send('progress', files, { onProgress: make }), [true, true, true]);
    });

    test('a notification to the host', async (t) => {
      const { worker, files } = await start(t);
      assert.deepEqual(await worker.send('post', files), [true, true, true]);
    });

    test('chunks', async (t) => {
      const { worker, files } = await start(t);
      const stream = (worker as WorkerClient<any>).stream('chunks', files);
      for await (const file of stream) make(file);
      assert.deepEqual(await stream.result, [true, true, true]);
    });

    test('a notification of a host that computes', async (t) => {
      const { worker, files } = await start(t);
      const made = path.join(path.dirname(files[0] as string), 'made');
      worker.post('makes', made);
      const end = performance.now() + LONG;
      while (performance.now() < end && !existsSync(made));
      assert.ok(existsSync(made), 'the worker has got it');
    });

    test('an answer, before a handler of the same batch that usually computes', async (t) => {
      const { worker, files } = await start(t);
      const [one, two] = files;
      await learn(worker);
      void worker.send('quick', one).then(make);
      assert.deepEqual(await worker.send('compute', [one]), [true]);
      // The first computation ends before the second, of the same type, begins.
      void worker.send('compute', [one]).then(() => make(two));
      assert.deepEqual(await worker.send('compute', [two]), [true]);
    });

    test('a request of code that goes on with an answer, and usually computes behind the next await', async (t) => {
      const { worker, files } = await start(t);
      const seen: boolean[] = [];
      for (const [index, file] of files.entries()) {
        await worker.send('quick', file);
        void worker.send('makes', file);
        await undefined;
        await undefined;
        // The first computation teaches the library to expect others.
        seen.push(...compute(index === 0 ? [] : [file]));
      }
      assert.deepEqual(seen, [true, true]);
    });

    test('an answer, before code that usually computes after an await', async (t) => {
      const { worker, files } = await start(t);
      const [one] = files;
      for (let run = 0; run < 2; run++) assert.deepEqual(await worker.send('later', []), []);
      void worker.send('quick', one).then(make);
      assert.deepEqual(await worker.send('later', [one]), [true]);
    });

    test('a failure, before a handler of the same batch that usually computes', async (t) => {
      const { worker, files } = await start(t);
      await learn(worker);
      void worker.send('unknown').catch(() => make(files[0]));
      assert.deepEqual(await worker.send('compute', [files[0]]), [true]);
    });

    test('an answer of a host, before its handler that usually computes', async (t) => {
      const { worker, files } = await start(t);
      assert.deepEqual(await worker.send('ask', files[0]), [true]);
    });
  });
}
