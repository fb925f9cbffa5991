// Hosts attach to detached workers that are stopped, or that lie.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { promises as fs, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { after, describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

import * as detached from '../fixtures/detached/support.mjs';
import { attach, files, gone, nothingLeft, runHost, start } from '../fixtures/detached/support.mjs';
import { failure } from '../fixtures/faults/support.mjs';

after(() => assert.deepEqual(files(), [], 'sockets are left'));

/** As many threads as libuv's pool has, and more. */
const MANY = 12;

describe('A worker that is stopped', () => {
  test('delays only the hosts that attach to it, however many they are', async (t) => {
    const worker = await start(t);
    const other = await start(t);
    for (const each of [worker, other]) await each.disconnect();
    process.kill(worker.pid, 'SIGSTOP');
    let answered = 0;
    const waiting = Array.from({ length: MANY }, async () => {
      const error = await failure(attach(t, { name: worker.name, timeout: { startup: 3_000 } }));
      answered++;
      assert.equal(error.code, 'ERR_START_TIMEOUT');
    });
    // What needs threads of the pool, and another worker, answer meanwhile.
    await Promise.all(Array.from({ length: MANY }, () => fs.readFile(fileURLToPath(import.meta.url))));
    const second = await attach(t, { name: other.name });
    assert.equal(await second.send('pid'), other.pid);
    assert.equal(answered, 0);
    await Promise.all(waiting);
    await second.close();
    await nothingLeft(other);
  });

  test('accepts a host that waits without a limit as soon as it continues', async (t) => {
    const worker = await start(t);
    await worker.disconnect();
    process.kill(worker.pid, 'SIGSTOP');
    const attaching = attach(t, { name: worker.name, timeout: { startup: 0 } });
    // The other attempt is answered, by its own deadline, after this one has begun to wait.
    await failure(attach(t, { name: worker.name, timeout: { startup: 50 } }));
    process.kill(worker.pid, 'SIGCONT');
    const second = await attaching;
    assert.equal(await second.send('pid'), worker.pid);
    await second.close();
    await nothingLeft(worker);
  });

  for (const how of ['exit', 'SIGTERM'] as const) {
    test(`does not stop a host that waits without a limit from ending (${how})`, async (t) => {
      const worker = await start(t);
      await worker.disconnect();
      process.kill(worker.pid, 'SIGSTOP');
      const program = `
        import { attachWorker } from 'isolated-workers';
        attachWorker({ name: ${JSON.stringify(worker.name)}, timeout: { startup: 0 } }).catch(() => {});
        process.stdin.once('data', () => process.exit(3));
        setImmediate(() => console.log('attaching'));`;
      const host = spawn(process.execPath, ['--input-type=module', '-e', program], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      t.after(() => host.kill('SIGKILL'));
      await once(createInterface(host.stdout), 'line');
      const ended = once(host, 'exit');
      if (how === 'exit') host.stdin.write('now');
      else host.kill(how);
      assert.deepEqual(await ended, how === 'exit' ? [3, null] : [null, how]);
    });
  }

  test('dies when a host that has disconnected kills it', async (t) => {
    const name = detached.newName();
    const host = runHost(t, ['start', { name }], ['exit', 0]);
    const first = await host.worker();
    await host.ended;
    const worker = await attach(t, { name });
    process.kill(first.pid, 'SIGSTOP');
    await worker.kill();
    await gone(first.pid);
  });
});

describe('A program that claims to be another process', () => {
  const liar = async (t: TestContext, said: string) => {
    const socketPath = detached.newFile();
    const token = '0'.repeat(64);
    const file = fileURLToPath(new URL('../fixtures/attaching/liar.mjs', import.meta.url));
    const child = spawn(process.execPath, [file, socketPath, token, said], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => {
      child.kill('SIGKILL');
      for (const each of [socketPath, `${socketPath}.token`]) rmSync(each, { force: true });
    });
    await once(createInterface(child.stdout), 'line');
    return { child, socketPath };
  };
  const skip = process.platform !== 'linux' && 'the kernel does not tell who writes';

  for (const [what, said] of [
    ['its host', () => String(process.pid)],
    ['the first process', () => '1'],
  ] as const) {
    test(
      `is known to the host by the credentials of the kernel, and only it gets signals (${what})`,
      { skip },
      async (t) => {
        const { child, socketPath } = await liar(t, said());
        const worker = await attach(t, { socketPath });
        assert.equal(worker.pid, child.pid);
        const ended = once(child, 'exit');
        await worker.kill();
        assert.deepEqual(await ended, [null, 'SIGKILL']);
      },
    );
  }

  for (const said of ['0', '-1', '-17', '4294967295', 'NaN']) {
    test(`is refused where no process has the number that it claims (${said})`, async (t) => {
      const { child, socketPath } = await liar(t, said);
      assert.equal((await failure(attach(t, { socketPath }))).code, 'ERR_ATTACH_REFUSED');
      assert.equal(child.exitCode, null);
    });
  }
});
