import Tinypool from 'tinypool';
import { check, equal, failure, isOwnProcess } from './check.mjs';

const pool = new Tinypool({ filename: new URL('./pools-task.mjs', import.meta.url).href, maxThreads: 2 });
await check('run', async () => equal(await pool.run({ do: 'add', a: 1, b: 2 }), 3));
await check('each worker is a process', async () => {
  const [pid, isMain] = await pool.run({ do: 'pid' });
  isOwnProcess(pid);
  equal(isMain, false);
});
await check('Atomics where memory is shared', async () =>
  equal(await pool.run({ do: 'atomics' }), process.env.ISOLATED_WORKERS_SHARED_MEMORY === 'share'),
);
await check('errors', async () => {
  const error = await failure(pool.run({ do: 'fail' }));
  equal([error.name, error.message], ['RangeError', 'failed']);
});
await check('transfer', async () => {
  const bytes = new ArrayBuffer(1000);
  equal(await pool.run({ do: 'size', bytes }, { transferList: [bytes] }), 1000);
  equal(bytes.byteLength, 0);
});
await check('200 tasks', async () => {
  const sums = await Promise.all(Array.from({ length: 200 }, (_, index) => pool.run({ do: 'add', a: index, b: 1 })));
  equal(sums.at(-1), 200);
});
await check('abort of a task that computes', async () => {
  const controller = new AbortController();
  const failing = failure(pool.run({ do: 'spin' }, { signal: controller.signal }));
  setTimeout(() => controller.abort(), 300);
  equal((await failing).name, 'AbortError');
});
await check('a task that kills its process fails, and the pool lives', async () => {
  await failure(pool.run({ do: 'kill' }));
  equal(await pool.run({ do: 'add', a: 2, b: 2 }), 4);
});
await check('destroy', () => pool.destroy());
