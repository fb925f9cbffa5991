// Workers whose script is TypeScript, run by the installed tsx where Node itself does not run it.
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

import {
  ChildProcessDriver,
  createWorker,
  type DefineMessages,
  InProcessDriver,
  WorkerThreadsDriver,
} from 'isolated-workers';

import type { TypedMessages } from '../fixtures/typed.mjs';
import { failure, fixture, start } from '../fixtures/support.mjs';

type Twice = DefineMessages<{ twice: { payload: number; result: number } }>;

const runsTypeScript = Boolean((process.features as { typescript?: string | false }).typescript);
const tsx = import.meta.resolve('tsx');

test('A worker script may be a .mts file', async (t) => {
  const worker = await start<TypedMessages>(t, { script: fixture('typed.mts'), startupData: { unit: 'm²' } });
  assert.deepEqual(await worker.send('area', { width: 2, height: 3 }), { area: 6, unit: 'm²' });
  assert.deepEqual(await worker.send('startupData'), { unit: 'm²' });
});

for (const name of ['typed-plain.ts', 'typed-commonjs.cts']) {
  test(`A worker script may be a ${path.extname(name)} file`, async (t) => {
    const worker = await start<Twice>(t, { script: fixture(name) });
    assert.equal(await worker.send('twice', 21), 42);
  });
}

const drivers = [ChildProcessDriver, WorkerThreadsDriver, ...(runsTypeScript ? [InProcessDriver] : [])];

for (const [missing, source] of [
  ['worker.js', 'typed-plain.ts'],
  ['worker.mjs', 'typed-plain.ts'],
  ['worker.cjs', 'typed-commonjs.cts'],
] as const) {
  for (const driver of drivers) {
    test(`${driver.name} runs the source beside a missing ${missing}`, async (t) => {
      const folder = folderWith(t, { [missing.replace('js', 'ts')]: readFileSync(fixture(source), 'utf8') });
      const file = path.join(folder, missing);
      for (const script of [file, pathToFileURL(file), path.relative(process.cwd(), file)]) {
        const worker = await createWorker<Twice, any>({ script, driver } as never);
        t.after(() => worker.close());
        assert.equal(await worker.send('twice', 21), 42);
      }
    });
  }
}

test('The library prefers a compiled script to its source, also where it found the source before', async (t) => {
  const folder = folderWith(t, { 'worker.ts': readFileSync(fixture('typed-plain.ts'), 'utf8') });
  const script = path.join(folder, 'worker.js');
  const first = await start<Twice>(t, { script });
  assert.equal(await first.send('twice', 1), 2);
  const text = "require('isolated-workers').startWorkerServer({ twice: () => 'compiled' });";
  writeFileSync(script, text);
  const second = await start<Twice>(t, { script });
  assert.equal(await second.send('twice', 1), 'compiled');
});

test('createWorker names a script that is missing together with its source', async (t) => {
  const script = path.join(folderWith(t, { 'worker.mts': '' }), 'worker.js');
  await assert.rejects(createWorker({ script }), {
    code: 'ERR_SCRIPT_NOT_FOUND',
    message: /worker\.js: there is no such file/,
  });
});

/** Among the tests, so that the package and its loader are found from there. */
function folderWith(t: TestContext, files: Record<string, string>): string {
  const folder = mkdtempSync(fileURLToPath(fixture('typescript-')));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  return folder;
}

test('Errors name lines of the TypeScript file', async (t) => {
  const worker = await start<TypedMessages>(t, { script: fixture('typed.mts'), startupData: { unit: 'm' } });
  const error = await failure(worker.send('fall'));
  assert.ok(error instanceof RangeError);
  assert.match(error.stack ?? '', /typed\.mts:20:/);
});

test('The library uses only the loader that the caller names', async (t) => {
  const worker = await start<TypedMessages>(t, {
    script: fixture('typed.mts'),
    execArgv: ['--import', tsx],
    startupData: { unit: 'm' },
  });
  assert.deepEqual(await worker.send('startupData'), { unit: 'm' });
});

test('close() ends a TypeScript worker like any other', async () => {
  const worker = await createWorker<TypedMessages>({ script: fixture('typed.mts'), startupData: { unit: 'm' } });
  const begun = performance.now();
  await worker.close();
  assert.ok(performance.now() - begun < 1_000);
});

test('createWorker names the missing loader where nothing can run TypeScript', { skip: runsTypeScript }, async (t) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'typescript-'));
  const before = process.cwd();
  t.after(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  });
  copyFileSync(fileURLToPath(fixture('typed-plain.ts')), path.join(folder, 'worker.ts'));
  writeFileSync(path.join(folder, 'package.json'), '{}');
  process.chdir(folder);
  for (const name of ['worker.ts', 'worker.js']) {
    await assert.rejects(createWorker({ script: pathToFileURL(path.join(folder, name)) }), {
      name: 'WorkerError',
      code: 'ERR_TYPESCRIPT_UNSUPPORTED',
      message: /worker\.ts.*tsx/,
    });
  }
});
