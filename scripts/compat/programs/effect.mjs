import { NodeWorker } from '@effect/platform-node';
import { Effect, Exit } from 'effect';
import * as EffectWorker from 'effect/workers/Worker';
import { Worker } from 'node:worker_threads';
import { check, equal, isOwnProcess } from './check.mjs';

const layer = NodeWorker.layer(() => new Worker(new URL('./effect-worker.mjs', import.meta.url)));
await check('NodeWorker and NodeWorkerRunner, unmodified', async () => {
  const got = [];
  const program = Effect.gen(function* () {
    const platform = yield* EffectWorker.WorkerPlatform;
    const worker = yield* platform.spawn(0);
    yield* Effect.forkScoped(worker.run((message) => Effect.sync(() => got.push(message))));
    yield* worker.send({ a: 20, b: 1 });
    while (got.length === 0) yield* Effect.sleep(10);
  });
  const exit = await Effect.runPromiseExit(Effect.scoped(program).pipe(Effect.provide(layer)));
  if (!Exit.isSuccess(exit)) throw new Error(String(exit));
  isOwnProcess(got[0].pid);
  equal(got[0].sum, 21);
});
