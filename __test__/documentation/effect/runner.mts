// The worker's side of the documented API of Effect's workers, block by block.
import * as Effect from 'effect/Effect';
import * as WorkerRunner from 'effect/workers/WorkerRunner';

export const started = Effect.gen(function* () {
  const platform = yield* WorkerRunner.WorkerRunnerPlatform;
  return yield* platform.start<number, string>();
});

export const serve = (runner: WorkerRunner.WorkerRunner<number, string>) =>
  Effect.gen(function* () {
    yield* runner.run((portId, input) => runner.send(portId, Number(input) * 2));
  });

export const request: WorkerRunner.PlatformMessage<string> = [0, 'hello'];
export const close: WorkerRunner.PlatformMessage<string> = [1];
