// `isolated-workers/register`: what it replaces, and what it makes of workers that share memory.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { runToEnd } from '../fixtures/programs.mjs';
import { filesBeside } from '../fixtures/support.mjs';

const script = filesBeside(new URL('../fixtures/worker-threads/scripts/', import.meta.url).href);

test('register replaces each way to load the built-in module, and leaves the library its own', async () => {
  const { stdout, stderr } = await runToEnd(script('substituted.cjs'), [], register());
  assert.deepEqual(JSON.parse(stdout), { same: true, isThread: true }, stderr);
});

test('register by --require does the same', async () => {
  const { stdout } = await runToEnd(script('substituted.cjs'), [], register({}, '--require'));
  assert.deepEqual(JSON.parse(stdout), { same: true, isThread: true });
});

test("A worker of another runtime's documentation runs as printed", async () => {
  const { stdout, stderr, code } = await runToEnd(script('seed'), [], register());
  assert.deepEqual({ stdout, stderr, code }, { stdout: 'worker said: 84\n', stderr: '', code: 0 });
});

test('Under register a worker that shares memory is a thread, with one warning', async () => {
  const { stdout, stderr } = await runToEnd(script('shares.cjs'), [], register());
  assert.deepEqual(JSON.parse(stdout), {
    data: 'thread',
    message: 'thread',
    nothing: 'process',
    'a thread by option': 'thread',
    'a copy by option': 'process',
    count: 2,
  });
  assert.equal(stderr.match(/shares memory with its host/g)?.length, 1);
});

for (const [sharedMemory, expected] of [
  ['copy', { data: 'process', message: 'process', count: 0 }],
  ['refuse', { data: 'DataCloneError 25', message: 'DataCloneError 25', count: 0 }],
] as const) {
  test(`ISOLATED_WORKERS_SHARED_MEMORY=${sharedMemory} decides for all workers`, async () => {
    const env = { ISOLATED_WORKERS_SHARED_MEMORY: sharedMemory };
    const { stdout, stderr } = await runToEnd(script('shares.cjs'), [], register(env));
    const { data, message, count } = JSON.parse(stdout);
    assert.deepEqual({ data, message, count }, expected);
    assert.equal(stderr, '');
  });
}

const folder = path.relative('', fileURLToPath(script('./')));
for (const [variable, value, expected] of [
  ['ISOLATED_WORKERS_INCLUDE', 'piscina, ./no-such-folder', 'thread'],
  ['ISOLATED_WORKERS_INCLUDE', `./${folder}`, 'process'],
  ['ISOLATED_WORKERS_EXCLUDE', `tsx,./${folder}/`, 'thread'],
  ['ISOLATED_WORKERS_EXCLUDE', `./${folder.slice(0, -1)}`, 'process'],
] as const) {
  test(`${variable}=${value} makes the worker a ${expected}`, async () => {
    const { stdout } = await runToEnd(script('shares.cjs'), [], register({ [variable]: value }));
    assert.equal(JSON.parse(stdout).nothing, expected);
  });
}

function register(env: NodeJS.ProcessEnv = {}, flag = '--import') {
  return { execArgv: [flag, 'isolated-workers/register'], env };
}
