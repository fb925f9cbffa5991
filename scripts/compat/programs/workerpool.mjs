import workerpool from 'workerpool';
import { check, equal, failure, isOwnProcess } from './check.mjs';

const pool = workerpool.pool(new URL('./workerpool-tasks.mjs', import.meta.url).pathname, {
  workerType: 'thread',
  maxWorkers: 2,
});
await check('exec', async () => equal(await pool.exec('add', [1, 2]), 3));
await check('each worker is a process', async () => isOwnProcess(await pool.exec('pid')));
await check('errors', async () => equal((await failure(pool.exec('fail'))).message, 'failed'));
await check('timeout of a task that computes', async () => {
  const error = await failure(pool.exec('spin').timeout(500));
  if (!(error instanceof workerpool.Promise.TimeoutError)) throw error;
});
await check('events of a task', async () => {
  const told = [];
  await pool.exec('tell', [], { on: (event) => told.push(event) });
  equal(told, [{ step: 1 }]);
});
await check('a task that kills its process fails, and the pool lives', async () => {
  await failure(pool.exec('kill'));
  equal(await pool.exec('add', [2, 2]), 4);
});
await check('a function as a task', async () => {
  const inline = workerpool.pool({ workerType: 'thread' });
  equal(await inline.exec((a, b) => a * b, [6, 7]), 42);
  await inline.terminate();
});
await check('terminate', () => pool.terminate());
