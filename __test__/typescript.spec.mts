// Workers whose script is TypeScript, run by the installed tsx where Node itself does not run it.
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { createWorker, type DefineMessages } from 'isolated-workers';

import type { TypedMessages } from './fixtures/typed.mjs';
import { fixture, rejection, start } from './fixtures/support.mjs';

type Twice = DefineMessages<{ twice: { payload: number; result: number } }>;

const runsTypeScript = Boolean((process.features as { typescript?: string | false }).typescript);
const tsx = import.meta.resolve('tsx');

test('a worker may be a .mts file', async (t) => {
  const worker = await start<TypedMessages>(t, { script: fixture('typed.mts'), startupData: { unit: 'm²' } });
  assert.deepEqual(await worker.send('area', { width: 2, height: 3 }), { area: 6, unit: 'm²' });
  assert.deepEqual(await worker.send('startupData'), { unit: 'm²' });
});

for (const name of ['typed-plain.ts', 'typed-commonjs.cts']) {
  test(`a worker may be a ${path.extname(name)} file`, async (t) => {
    const worker = await start<Twice>(t, { script: fixture(name) });
    assert.equal(await worker.send('twice', 21), 42);
  });
}

test('errors name lines of the TypeScript file', async (t) => {
  const worker = await start<TypedMessages>(t, { script: fixture('typed.mts'), startupData: { unit: 'm' } });
  const error = await rejection(worker.send('fall'));
  assert.ok(error instanceof RangeError);
  assert.match(error.stack ?? '', /typed\.mts:20:/);
});

test('a loader that the caller names is used, and no other', async (t) => {
  const worker = await start<TypedMessages>(t, {
    script: fixture('typed.mts'),
    execArgv: ['--import', tsx],
    startupData: { unit: 'm' },
  });
  assert.deepEqual(await worker.send('startupData'), { unit: 'm' });
});

test('a TypeScript worker is closed like any other', async () => {
  const worker = await createWorker<TypedMessages>({ script: fixture('typed.mts'), startupData: { unit: 'm' } });
  const begun = performance.now();
  await worker.close();
  assert.ok(performance.now() - begun < 1_000);
});

test('TypeScript without anything that runs it is refused by name', { skip: runsTypeScript }, async (t) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'typescript-'));
  const before = process.cwd();
  t.after(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  });
  copyFileSync(fileURLToPath(fixture('typed-plain.ts')), path.join(folder, 'worker.ts'));
  writeFileSync(path.join(folder, 'package.json'), '{}');
  process.chdir(folder);
  await assert.rejects(createWorker({ script: pathToFileURL(path.join(folder, 'worker.ts')) }), {
    name: 'WorkerError',
    code: 'ERR_TYPESCRIPT_UNSUPPORTED',
    message: /worker\.ts.*tsx/,
  });
});
