import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';
import { check, equal, failure, isOwnProcess } from './check.mjs';

const { Worker } = createRequire(import.meta.url)('jest-worker');
const make = (options) =>
  new Worker(new URL('./jest-worker-tasks.cjs', import.meta.url).pathname, {
    enableWorkerThreads: true,
    numWorkers: 2,
    exposedMethods: ['add', 'pid', 'fail', 'kind', 'killOnce', 'print', 'call', 'setUp', 'tell'],
    ...options,
  });

const farm = make();
const out = text(farm.getStdout());
await check('results', async () => equal(await farm.add(1, 2), 3));
await check('each worker is a process', async () => isOwnProcess(await farm.pid()));
await check('values of structured clone', async () =>
  equal(await farm.kind(new Map([[1, new Date(0)]]), 1n, new Uint8Array([1])), ['Map', 'Date', 'bigint', 'Uint8Array']),
);
await check('errors: class, code, stack', async () => {
  const error = await failure(farm.fail());
  equal([error instanceof TypeError || error.name, error.message, error.code], [true, 'failed', 'ERR_MINE']);
  if (!error.stack.includes('jest-worker-tasks')) throw new Error(error.stack);
});
await check('64 calls at once', async () => {
  const sums = await Promise.all(Array.from({ length: 64 }, (_, index) => farm.add(index, index)));
  equal(sums.at(-1), 126);
});
await check('a worker that was killed by SIGKILL: the call is retried', async () => {
  const marker = `/tmp/isolated-workers-compat-${process.pid}`;
  equal(await farm.killOnce(marker), 'survived');
});
await check('messages of a running call', async () => {
  const told = [];
  const promise = farm.tell(3);
  promise.UNSTABLE_onCustomMessage?.((message) => told.push(message));
  await promise;
  equal(told, [0, 1, 2]);
});
await check('output', async () => equal(await farm.print('words'), undefined));
await check('end', async () => {
  equal(await farm.end(), { forceExited: false });
  if (!(await out).includes('words')) throw new Error('the output is missing');
});
await check('a heap limit: the call fails, the farm lives', async () => {
  const limited = make({ numWorkers: 1, resourceLimits: { maxOldGenerationSizeMb: 64 } });
  equal(await limited.add(2, 2), 4);
  await limited.end();
});
