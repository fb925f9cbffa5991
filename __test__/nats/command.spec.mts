// The command `isolated-workers serve`, as a shell runs it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Broker, noBroker } from '../fixtures/nats/broker.mjs';
import { connectEcho } from '../fixtures/nats/support.mjs';
import { gone } from '../fixtures/processes.mjs';
import { fixture } from '../fixtures/support.mjs';

const command = fileURLToPath(new URL('../../dist/cli.cjs', import.meta.url));

test('isolated-workers serve offers workers until a signal ends it', { skip: noBroker }, async (t) => {
  const broker = await Broker.of(t);
  const script = path.relative(process.cwd(), fileURLToPath(fixture('nats/worker.mjs')));
  const args = ['serve', script, '--nats', broker.url, '--name', 'echo', '--workers', '2'];
  const child = spawn(process.execPath, [command, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  assert.match(line, /^serving 2 workers as "echo"/);
  const workers = await Promise.all([1, 2].map(() => connectEcho(t, broker.url)));
  const pids = await Promise.all(workers.map((worker) => worker.send('pid') as Promise<number>));
  assert.equal(new Set(pids).size, 2);
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
  for (const pid of pids) await gone(pid);
});

test('isolated-workers serve fails with the address where no NATS server answers', async () => {
  const script = fileURLToPath(fixture('nats/worker.mjs'));
  const args = ['serve', script, '--nats', 'nats://127.0.0.1:1', '--name', 'echo'];
  const child = spawn(process.execPath, [command, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  const [line] = (await once(createInterface(child.stderr), 'line')) as [string];
  assert.match(line, /^ERR_DRIVER_FAILED: .*127\.0\.0\.1:1/);
  assert.equal(child.exitCode ?? (await once(child, 'exit'))[0], 1);
});
