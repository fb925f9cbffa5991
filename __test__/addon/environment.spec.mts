// Threads load and leave the addon. Each run is a separate process, whose exit code would show a crash.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { runHost } from '../fixtures/faults/support.mjs';
import { rounds } from '../fixtures/rounds.mjs';

const linux = { skip: process.platform !== 'linux' && 'open descriptors are counted in /proc' };

const THREADS = rounds(12, 100);

test(
  `${THREADS} threads that load the addon beside the main thread leave nothing behind when they end`,
  linux,
  async () => {
    const { code, signal, stdout, stderr } = await runHost('threads-host.cjs', String(THREADS), 'main');
    assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
    assert.deepEqual(JSON.parse(stdout), { threads: THREADS, leaked: 0, left: 0, answer: 'still here' });
  },
);

test(
  `${THREADS} threads that load the addon without the main thread leave nothing behind when they end`,
  linux,
  async () => {
    const { code, signal, stdout, stderr } = await runHost('threads-host.cjs', String(THREADS), 'threads');
    assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
    assert.deepEqual(JSON.parse(stdout), { threads: THREADS, leaked: 0, left: 0 });
  },
);
