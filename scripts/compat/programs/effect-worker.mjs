import { NodeRuntime, NodeWorkerRunner } from '@effect/platform-node';
import { Effect } from 'effect';
import * as WorkerRunner from 'effect/workers/WorkerRunner';

const program = Effect.gen(function* () {
  const platform = yield* WorkerRunner.WorkerRunnerPlatform;
  const runner = yield* platform.start();
  yield* runner.run((port, { a, b }) => runner.send(port, { sum: a + b, pid: process.pid }));
});
NodeRuntime.runMain(Effect.scoped(program).pipe(Effect.provide(NodeWorkerRunner.layer)));
