// The addon itself panics: it ends the connection, rejects all requests on it, and leaves other workers alone. An
// environment variable names the entry that panics.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const host = fileURLToPath(new URL('../fixtures/addon-faults/host.mjs', import.meta.url));

interface Report {
  lost?: string;
  held: string[];
  told: boolean;
  answer: string;
  uncaught: string[];
}

function run(side: string, fault: string): Promise<Report> {
  const env = side === 'host' ? { ...process.env, ISOLATED_WORKERS_FAULT: fault } : process.env;
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [host, side, fault], { env, timeout: 60_000 }, (error, stdout, stderr) => {
      if (error !== null) reject(new Error(`${error.message}\n${stdout}\n${stderr}`));
      else resolve(JSON.parse(stdout) as Report);
    });
  });
}

/** What brings input and deadlines, by the engine in use. */
const inward =
  process.env['ISOLATED_WORKERS_ENGINE'] === 'tokio' ? ['wake:4', 'wake:9'] : ['readable:3', 'readable:8', 'timer:1'];

describe('A panic in the addon of a host', () => {
  for (const fault of [...inward, 'command:5', 'flush:6']) {
    test(`(${fault}) rejects all requests in flight with ERR_SYSTEM, appears in the log, and leaves other workers alone`, async () => {
      const report = await run('host', fault);
      assert.deepEqual(report.uncaught, []);
      assert.equal(report.answer, 'goes on');
      assert.equal(report.told, true);
      assert.equal(report.lost, 'ERR_SYSTEM');
      for (const code of report.held) assert.ok(['ERR_SYSTEM', 'ERR_MESSAGE_TIMEOUT'].includes(code), code);
    });
  }
});

describe('A panic in the addon of a worker', () => {
  const entries = inward.filter((fault) => !fault.startsWith('timer'));
  for (const fault of [...entries, 'command:5', 'flush:6']) {
    test(`(${fault}) ends the worker, and the host rejects its requests with the crash`, async () => {
      const report = await run('worker', fault);
      assert.deepEqual(report.uncaught, []);
      assert.equal(report.answer, 'goes on');
      assert.equal(report.lost, 'ERR_WORKER_CRASHED');
      for (const code of report.held) assert.ok(['ERR_WORKER_CRASHED', 'ERR_MESSAGE_TIMEOUT'].includes(code), code);
    });
  }
});
