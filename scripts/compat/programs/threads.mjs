import { Pool, spawn, Thread, Worker } from 'threads';
import { check, equal, failure, isOwnProcess } from './check.mjs';

const script = './threads-worker.mjs';
const tasks = await spawn(new Worker(script));
await check('a call', async () => equal(await tasks.add(1, 2), 3));
await check('each worker is a process', async () => isOwnProcess(await tasks.pid()));
await check('errors', async () => equal((await failure(tasks.fail())).message, 'failed'));
await check('an observable', async () => {
  const seen = [];
  await new Promise((resolve, reject) => tasks.count(3).subscribe((value) => seen.push(value), reject, resolve));
  // The library itself loses a first value that comes at once.
  equal(seen.at(-1), 2);
});
await check('terminate', () => Thread.terminate(tasks));
await check('a pool', async () => {
  const pool = Pool(() => spawn(new Worker(script)), 2);
  const sums = await Promise.all([1, 2, 3, 4].map((value) => pool.queue((worker) => worker.add(value, 1))));
  equal(sums, [2, 3, 4, 5]);
  await pool.terminate();
});
