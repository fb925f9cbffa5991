// Hosts and workers with `--inspect`, with real inspectors.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const host = fileURLToPath(new URL('../fixtures/debugging/host.mjs', import.meta.url));

interface Report {
  readonly url?: string;
  readonly workers: { start?: string; general?: string; perCall?: string; url?: string }[];
}

async function runHost(execArgv: string[], args: string[], env: NodeJS.ProcessEnv = {}): Promise<Report> {
  const options = { timeout: 30_000, env: { ...process.env, ...env } };
  const { stdout } = await run(process.execPath, [...execArgv, host, ...args], options);
  return JSON.parse(stdout);
}

describe('With --inspect', () => {
  test('each worker process has a debugger of its own, and requests have no timeouts', async () => {
    const { url, workers } = await runHost(['--inspect=0'], ['child_process']);
    const urls = [url, ...workers.map((worker) => worker.url)];
    for (const each of urls) assert.match(String(each), /^ws:\/\/127\.0\.0\.1:\d+\//);
    assert.equal(new Set(urls.map((each) => new URL(each as string).port)).size, 3);
    for (const { general, perCall } of workers) assert.deepEqual([general, perCall], ['late', 'late']);
  });

  test('requests to threads have no timeouts either', async () => {
    const { url, workers } = await runHost(['--inspect=0'], ['worker_threads']);
    assert.match(String(url), /^ws:/);
    for (const { general, perCall } of workers) assert.deepEqual([general, perCall], ['late', 'late']);
  });

  test('a worker alone can have the flag', async () => {
    const report = await runHost([], ['child_process', '--inspect=0']);
    assert.equal(report.url, undefined);
    for (const { general, perCall, url } of report.workers) {
      assert.deepEqual([general, perCall], ['late', 'late']);
      assert.match(String(url), /^ws:/);
    }
  });

  test('requests have timeouts where the environment demands it', async () => {
    const { workers } = await runHost(['--inspect=0'], ['child_process'], { ISOLATED_WORKERS_TIMEOUTS: 'keep' });
    assert.deepEqual(workers, [{ start: 'ERR_START_TIMEOUT' }, { start: 'ERR_START_TIMEOUT' }]);
  });
});

for (const driver of ['child_process', 'worker_threads']) {
  test(`requests have timeouts without a debugger (${driver})`, async () => {
    const { url, workers } = await runHost([], [driver]);
    assert.equal(url, undefined);
    assert.deepEqual(workers, [{ start: 'ERR_START_TIMEOUT' }, { start: 'ERR_START_TIMEOUT' }]);
  });
}
