// Workers keep their host alive, or end with it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { gone } from '../fixtures/processes.mjs';
import { startHost } from '../fixtures/programs.mjs';
import { fixture, isAlive } from '../fixtures/support.mjs';

const program = fixture('host.mjs');

describe('The host process', () => {
  for (const mode of ['idle', 'after-request', 'after-timeout', 'ref-unref']) {
    test(`ends by itself while it has an idle worker, and the worker ends with it (${mode})`, async (t) => {
      const host = startHost(program, mode, t);
      const pid = await host.workerPid;
      assert.deepEqual(await host.ended, [0, null]);
      await gone(pid);
    });
  }

  test('ends by itself while its worker is not ready yet', async (t) => {
    const host = startHost(program, 'not-ready', t);
    const pid = await host.workerPid;
    assert.deepEqual(await host.ended, [0, null]);
    await gone(pid);
  });

  test('stays while a request is in flight', async (t) => {
    const host = startHost(program, 'in-flight', t);
    const pid = await host.workerPid;
    assert.deepEqual(await host.ended, [0, null]);
    assert.match(await host.output, /^answered$/m);
    await gone(pid);
  });

  test('does not stay for a request in flight after unref()', async (t) => {
    const host = startHost(program, 'unref', t);
    const pid = await host.workerPid;
    assert.deepEqual(await host.ended, [0, null]);
    assert.doesNotMatch(await host.output, /^answered$/m);
    await gone(pid);
  });

  test('stays after ref()', async (t) => {
    const host = startHost(program, 'ref', t);
    const pid = await host.workerPid;
    const first = await Promise.race([host.ended, delay(500, 'it stayed')]);
    assert.equal(first, 'it stayed');
    host.kill('SIGTERM');
    assert.deepEqual(await host.ended, [null, 'SIGTERM']);
    await gone(pid);
  });

  test('stays after ref() until the worker is closed', async (t) => {
    const host = startHost(program, 'ref-close', t);
    const pid = await host.workerPid;
    assert.deepEqual(await host.ended, [0, null]);
    assert.equal(isAlive(pid), false);
  });

  test('that fails with an uncaught error takes its worker with it', async (t) => {
    const host = startHost(program, 'throws', t);
    const pid = await host.workerPid;
    assert.deepEqual(await host.ended, [1, null]);
    assert.match(await host.errors, /the host has a bug/);
    await gone(pid);
  });

  for (const mode of ['ref', 'in-flight']) {
    test(`that is killed with SIGKILL takes its worker with it (${mode})`, async (t) => {
      const host = startHost(program, mode, t);
      const pid = await host.workerPid;
      assert.ok(isAlive(pid));
      host.kill('SIGKILL');
      assert.deepEqual(await host.ended, [null, 'SIGKILL']);
      await gone(pid);
    });
  }
});

test('A worker writes to the standard streams of its host by default', async () => {
  const host = startHost(program, 'prints');
  assert.deepEqual(await host.ended, [0, null]);
  const lines = (await host.output).split('\n');
  assert.ok(lines.includes('to the standard output'), lines.join('\n'));
  assert.match(await host.errors, /^to the standard error$/m);
});

/** Runs `host.mjs` as a process of its own. */
