// createWorker names what in its environment prevents a start.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const host = fileURLToPath(new URL('../fixtures/starts/host.mjs', import.meta.url));
const here = path.dirname(host);

interface Outcome {
  answer?: string;
  name?: string;
  code?: string;
  message?: string;
}

async function run(flags: string[], ...args: string[]): Promise<Outcome[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, host, ...args], { cwd: here });
  return JSON.parse(stdout);
}

describe('A folder that is not there', () => {
  test('is what the error names, and the executable only where that is missing', async () => {
    const [at, fromHere, relative, missing, noFolder, file, noExecutable] = await run([]);
    for (const started of [at, fromHere, relative]) assert.deepEqual(started, { answer: 'pong' });
    assert.equal(missing?.code, 'ERR_SCRIPT_NOT_FOUND');
    for (const [outcome, folder] of [
      [noFolder, path.join(here, 'missing')],
      [file, path.join(here, 'worker.mjs')],
    ] as const) {
      assert.equal(outcome?.code, 'ERR_WORKER_SPAWN_FAILED');
      assert.ok(outcome?.message?.includes(`\`cwd\` is no directory: ${folder}`), outcome?.message);
    }
    assert.equal(noExecutable?.code, 'ERR_WORKER_SPAWN_FAILED');
    assert.match(noExecutable?.message ?? '', /\/missing\/node/);
    assert.doesNotMatch(noExecutable?.message ?? '', /cwd/);
  });

  test('is what the error names where the current folder was removed', async () => {
    // Some runtimes start without a current folder, too.
    const [elsewhere, , relative, missing] = await run([], 'removed');
    assert.deepEqual(elsewhere, { answer: 'pong' });
    for (const outcome of [relative, missing]) {
      assert.deepEqual([outcome?.name, outcome?.code], ['WorkerError', 'ERR_SCRIPT_NOT_FOUND']);
    }
  });
});

describe('Native addons that are not allowed', () => {
  const major = Number(process.versions.node.split('.')[0]);
  const permission = major >= 23 ? '--permission' : '--experimental-permission';
  for (const flags of [['--no-addons'], [permission, '--allow-fs-read=*', '--allow-child-process']]) {
    test(`are what the error names (${flags[0]})`, async () => {
      const [{ code, message } = {}] = await run(flags);
      assert.equal(code, 'ERR_ADDONS_DISABLED');
      assert.match(message ?? '', /--no-addons.*--allow-addons/);
    });
  }
});
