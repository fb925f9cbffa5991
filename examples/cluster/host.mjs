// @ts-check
// The host: a pool over the workers of three serving processes, one of which dies in the middle.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { createPool } from 'isolated-workers';
import { NatsDriver } from 'isolated-workers/drivers/nats';

/** @import { PoolOptions } from 'isolated-workers' */
/** @import { Messages } from './messages.mjs' */

const REQUESTS = 60;
const RANGE = 20_000;
const [servers = 'nats://127.0.0.1:4222'] = process.argv.slice(2);

const machines = await Promise.all([1, 2, 3].map(startServing));
console.log(`${machines.length} serving processes offer ${machines.flatMap(({ pids }) => pids).length} workers`);

/** @type {PoolOptions<Messages, NatsDriver>} */
const options = {
  script: 'primes',
  // How soon the pool notices that a machine has vanished: within a second.
  driver: new NatsDriver({ servers, heartbeat: { interval: 200, timeout: 1000 }, waitForWorker: 1000 }),
  minWorkers: 6,
  maxWorkers: 6,
  // Counting twice does no harm.
  unexpectedShutdown: { strategy: 'retry', attempts: 3 },
  logLevel: 'silent',
};
const pool = await createPool(options);

let answered = 0;
/** @type {Set<number>} */
const used = new Set();
const [victim] = machines;
const counts = await Promise.all(
  Array.from({ length: REQUESTS }, async (_, part) => {
    const { count, pid } = await pool.send('countPrimes', { from: part * RANGE, to: (part + 1) * RANGE });
    used.add(pid);
    if (++answered === REQUESTS / 3) {
      victim?.child.kill('SIGKILL');
      console.log(`after ${answered} answers, one serving process was killed`);
    }
    return count;
  }),
);

const machinesUsed = machines.filter(({ pids }) => pids.some((pid) => used.has(pid))).length;
console.log(`${counts.length} of ${REQUESTS} requests were answered, by workers of ${machinesUsed} serving processes`);
console.log(`there are ${counts.reduce((sum, count) => sum + count, 0)} primes below ${REQUESTS * RANGE}`);

await pool.close();
for (const { child } of machines) child.kill('SIGTERM');

/** Starts a serving process, and resolves when its workers are offered. */
async function startServing() {
  const file = fileURLToPath(new URL('./serving.mjs', import.meta.url));
  const child = spawn(process.execPath, [file, servers], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface(child.stdout), 'line');
  return { child, pids: /** @type {number[]} */ (JSON.parse(line)) };
}
