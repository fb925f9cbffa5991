import { DynamicThreadPool, FixedThreadPool } from 'poolifier';
import { check, equal, failure, isOwnProcess } from './check.mjs';

const script = new URL('./poolifier-worker.mjs', import.meta.url).pathname;
for (const [name, make] of [
  ['a fixed pool', () => new FixedThreadPool(2, script)],
  ['a dynamic pool', () => new DynamicThreadPool(1, 2, script)],
]) {
  const pool = make();
  await check(`${name}: execute`, async () => equal(await pool.execute({ a: 1, b: 2 }), 3));
  await check(`${name}: each worker is a process`, async () => isOwnProcess(await pool.execute({ pid: true })));
  await check(`${name}: errors`, async () => equal((await failure(pool.execute({ fail: true }))).message, 'failed'));
  await check(`${name}: 50 tasks`, async () => {
    const sums = await Promise.all(Array.from({ length: 50 }, (_, index) => pool.execute({ a: index, b: 1 })));
    equal(sums.at(-1), 50);
  });
  await check(`${name}: destroy`, () => pool.destroy());
}
