// What one thread has compiled of the library, and the threads after it need not compile.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';
import { createWorker, WorkerThreadsDriver } from 'isolated-workers';

const script = fileURLToPath(new URL('./fixtures/thread-code.cjs', import.meta.url));

async function start(t: TestContext, workerData: object = {}, file = script) {
  const worker = await createWorker({ script: file, driver: WorkerThreadsDriver, driverOptions: { workerData } });
  t.after(() => worker.close());
  return worker;
}

describe('the code of the library', () => {
  let stack: unknown;

  test('is compiled by the first thread, which keeps it after its first answer', async (t) => {
    const first = await start(t);
    assert.equal(await first.send('foundCode', undefined), false);
    stack = await first.send('stack', undefined);
    const second = await start(t);
    assert.equal(await second.send('foundCode', undefined), true);
  });

  test('is found by those that come later, and runs as it does where it is compiled', async (t) => {
    for (let nth = 0; nth < 3; nth++) {
      const later = await start(t);
      assert.equal(await later.send('foundCode', undefined), true);
      assert.deepEqual(await later.send('echo', { nth }), { nth });
    }
  });

  test('is in the stacks of errors with its file and line, found or compiled', async (t) => {
    const later = await start(t);
    assert.match(String(stack), /[\\/]dist[\\/]library\.cjs:\d+:\d+/);
    assert.equal(await later.send('stack', undefined), stack);
  });

  test('is not used where another build of the library has left it, even one as long', async (t) => {
    const other = await start(t, { swap: true });
    assert.equal(await other.send('foundCode', undefined), true);
    assert.equal(await other.send('echo', 1), 1);
  });
});

test("a thread whose script was bundled with the package takes no other's file for the library", async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'isolated-workers-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const outfile = path.join(folder, 'bundled.cjs');
  await build({
    entryPoints: [script],
    outfile,
    bundle: true,
    platform: 'node',
    external: ['*.node'],
    logLevel: 'error',
  });
  await writeFile(path.join(folder, 'library.cjs'), 'throw new Error("not this one");\n');
  const worker = await start(t, {}, outfile);
  assert.equal(await worker.send('echo', 1), 1);
});
