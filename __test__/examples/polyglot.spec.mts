// The example of a worker in another language, as a user runs it; and what its worker does beside it.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { createWorker } from 'isolated-workers';

import type { Messages } from '../../examples/polyglot/messages.mjs';
import { isAlive } from '../fixtures/support.mjs';

const example = (file: string) => new URL(`../../examples/polyglot/${file}`, import.meta.url);
const startWorker = () =>
  createWorker<Messages>({
    script: example('worker.py'),
    execPath: 'python3',
    execArgv: [],
    serializer: 'json',
    logLevel: 'error',
  });

const skip = spawnSync('python3', ['--version']).status !== 0 && 'no python3';

describe('examples/polyglot', { skip }, () => {
  test('prints in the host the answers of its worker, and ends without it', async () => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [fileURLToPath(example('host.mjs'))]);
    assert.deepEqual(stdout.split('\n'), [
      '91 is { prime: false, divisor: 7 }',
      '-7: ValueError: -7 is negative',
      '97 is { prime: true }',
      '1000006000009 is { prime: false, divisor: 1000003 } after some progress',
      'sleep: Error: woken up',
      'closed: exit 0',
      '',
    ]);
    assert.equal(stderr, '');
  });

  test('ends a cancelled request in the worker, and a late one', async () => {
    const worker = await startWorker();
    await assert.rejects(worker.send('sleep', { ms: 60_000 }, { timeout: 50 }), { code: 'ERR_MESSAGE_TIMEOUT' });
    const reason = new Error('no longer needed');
    const signal = AbortSignal.abort(reason);
    await assert.rejects(worker.send('sleep', { ms: 60_000 }, { signal }), reason);
    // It ends only when nothing runs any more.
    const pid = worker.pid;
    assert.deepEqual(await worker.close({ timeout: 0 }), { type: 'exit', code: 0, signal: null });
    assert.equal(isAlive(pid), false);
  });

  test('rejects a request with a stream, which the worker does not know, and serves the others', async () => {
    const worker = await startWorker();
    const stream = (worker as unknown as { stream(type: string): { next(): Promise<unknown> } }).stream('isPrime');
    await assert.rejects(stream.next(), { code: 'ERR_UNSUPPORTED_BY_PEER' });
    assert.deepEqual(await worker.send('isPrime', { number: 5 }), { prime: true });
    await worker.close();
  });

  test('answers an unknown message type with an error', async () => {
    const worker = await startWorker();
    const send = worker.send as unknown as (type: string) => Promise<unknown>;
    await assert.rejects(send.call(worker, 'dance'), { code: 'ERR_UNKNOWN_MESSAGE_TYPE' });
    await worker.close();
  });
});
