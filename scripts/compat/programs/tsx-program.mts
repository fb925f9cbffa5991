import { Worker } from 'node:worker_threads';
import { check, equal, isOwnProcess } from './check.mjs';

const answer: Promise<[number, number]> = new Promise((resolve, reject) => {
  new Worker(new URL('./tsx-worker.mts', import.meta.url), { workerData: 20 as number })
    .on('message', resolve)
    .on('error', reject);
});
await check('a worker in TypeScript', async () => {
  const [pid, sum] = await answer;
  isOwnProcess(pid);
  equal(sum, 21);
});
