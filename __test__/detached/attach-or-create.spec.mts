// `attachOrCreate`: one host starts the worker, the others attach to it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { attachOrCreate } from 'isolated-workers';

import {
  endsWith,
  files,
  newSocket,
  newName,
  nothingLeft,
  script,
  type Client,
} from '../fixtures/detached/support.mjs';
import type { Loose } from '../fixtures/faults/support.mjs';

after(() => assert.deepEqual(files(), [], 'sockets are left'));

const example = fileURLToPath(new URL('../../examples/daemon/host.mjs', import.meta.url));
const run = async (...args: string[]) => (await promisify(execFile)(process.execPath, [example, ...args])).stdout;

describe('attachOrCreate', () => {
  for (const [how, which] of [
    ['name', { name: newName() }],
    ['path', { socketPath: newSocket() }],
  ] as const) {
    test(`starts the worker of a ${how}, and attaches to it afterwards`, async (t) => {
      const first: Client = await attachOrCreate<Loose>({ ...which, script });
      endsWith(t, first.pid, first.socketPath);
      assert.equal(await first.send('add', 3), 3);
      await first.disconnect();
      const second = await attachOrCreate<Loose>({ ...which, script });
      assert.deepEqual([second.pid, second.socketPath], [first.pid, first.socketPath]);
      assert.equal(await second.send('add', 4), 7);
      await second.close();
      await nothingLeft(second);
    });
  }

  test('waits for the other host to leave, as long as a start may take', async (t) => {
    const options = { name: newName(), script };
    const first: Client = await attachOrCreate<Loose>(options);
    endsWith(t, first.pid, first.socketPath);
    await assert.rejects(attachOrCreate<Loose>({ ...options, timeout: { startup: 400 } }), {
      code: 'ERR_WORKER_OCCUPIED',
    });
    const second = attachOrCreate<Loose>(options);
    await first.disconnect();
    assert.equal((await second).pid, first.pid);
    await (await second).close();
  });

  test('takes the worker over with `takeOver`', async (t) => {
    const options = { name: newName(), script };
    const first: Client = await attachOrCreate<Loose>(options);
    endsWith(t, first.pid, first.socketPath);
    const second = await attachOrCreate<Loose>({ ...options, takeOver: true });
    assert.equal(second.pid, first.pid);
    assert.equal(await second.send('add', 1), 1);
    await second.close();
  });

  test('starts another worker where the last one was killed', async (t) => {
    const options = { name: newName(), script };
    const first: Client = await attachOrCreate<Loose>(options);
    endsWith(t, first.pid, first.socketPath);
    await first.disconnect();
    process.kill(first.pid, 'SIGKILL');
    const second = await attachOrCreate<Loose>(options);
    endsWith(t, second.pid, second.socketPath);
    assert.notEqual(second.pid, first.pid);
    await second.close();
  });

  test('refuses options that it does not know, and a start without a name', async () => {
    const code = 'ERR_INVALID_OPTION';
    await assert.rejects(attachOrCreate({ script } as never), { code, message: /name/ });
    await assert.rejects(attachOrCreate({ script, name: 'a', takeover: true } as never), { code, message: /takeOver/ });
    await assert.rejects(attachOrCreate({ script, name: 'a', detached: false } as never), {
      code,
      message: /detached/,
    });
    await assert.rejects(attachOrCreate({ name: newName(), script: './none.mjs' }), { code: 'ERR_SCRIPT_NOT_FOUND' });
  });

  test('examples/daemon: hosts that start at once share one worker', async () => {
    const printed = await Promise.all([run(), run(), run(), run()]);
    printed.push(await run('--stop'));
    const parts = printed.map((line) => /^process (\d+) has been asked (\d+) times\n$/.exec(line) ?? assert.fail(line));
    assert.equal(new Set(parts.map(([, pid]) => pid)).size, 1, printed.join(''));
    assert.deepEqual(parts.map(([, , count]) => Number(count)).toSorted(), [1, 2, 3, 4, 5]);
  });
});
