import * as Effect from 'effect/Effect';
import * as Layer from 'effect/Layer';
import * as Queue from 'effect/Queue';
import { WorkerRunnerPlatform } from 'effect/workers/WorkerRunner';

import type { RunnerOptions } from './worker/options.js';
import { Program } from './worker/program.js';
import { createRunner } from './worker/runner.js';
import { Server } from './worker/server.js';

export type { RunnerOptions } from './worker/options.js';

/**
 * Effect's `WorkerRunnerPlatform` in a worker that `isolated-workers/effect` has started, with any driver. It has the type of
 * `NodeWorkerRunner.layer`.
 *
 * When the host closes the last port, `run` returns and the fibers of its messages are interrupted. The worker ends when its
 * program is over: when the layer was released and the fibers that used it have ended.
 */
export const layer: Layer.Layer<WorkerRunnerPlatform> = layerWith();

/**
 * {@link layer} with options, such as the `driver` of a worker that a driver of your own connects.
 *
 * @param options - Those of `startWorkerServer`.
 */
export function layerWith(options?: RunnerOptions): Layer.Layer<WorkerRunnerPlatform> {
  return Layer.effect(WorkerRunnerPlatform)(
    Effect.gen(function* () {
      const program = new Program();
      const server = new Server(options, program);
      yield* program.follow;
      yield* Effect.addFinalizer(() => program.release);
      return WorkerRunnerPlatform.of({
        start: <O, I>() =>
          Effect.gen(function* () {
            yield* program.follow;
            yield* server.start;
            return createRunner<O, I>(server.ports, program, yield* Queue.make<number>());
          }),
      });
    }),
  );
}
