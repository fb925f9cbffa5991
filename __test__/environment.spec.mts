// The addon in threads that come and go. Each run is a process of its own: a crash would be its exit code.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { runHost } from './fixtures/faults/support.mjs';

const linux = { skip: process.platform !== 'linux' && 'open descriptors are counted in /proc' };

test('100 threads load the addon beside the main thread and are ended: nothing is left of them', linux, async () => {
  const { code, signal, stdout, stderr } = await runHost('threads-host.cjs', '100', 'main');
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
  assert.deepEqual(JSON.parse(stdout), { threads: 100, leaked: 0, left: 0, answer: 'still here' });
});

test('100 threads load the addon that the main thread never has: nothing is left of them', linux, async () => {
  const { code, signal, stdout, stderr } = await runHost('threads-host.cjs', '100', 'threads');
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
  assert.deepEqual(JSON.parse(stdout), { threads: 100, leaked: 0, left: 0 });
});
