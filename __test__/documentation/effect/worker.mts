// The host's side of the documented API of Effect's workers, block by block.
import * as Effect from 'effect/Effect';
import type * as Layer from 'effect/Layer';
import * as Worker from 'effect/workers/Worker';
import type * as WorkerError from 'effect/workers/WorkerError';
import { layerSpawner } from 'isolated-workers/effect';
import { Worker as NativeThread } from 'node:worker_threads';

export const program = Effect.gen(function* () {
  const platform = yield* Worker.WorkerPlatform;
  const worker = yield* platform.spawn<string, number>(0);
  yield* worker.send(21);
  yield* worker.run((output: string) => Effect.log(`worker said: ${output}`));
}).pipe(Effect.catch((error: WorkerError.WorkerError) => Effect.logError(`worker failed: ${error.message}`)));

export const fromProtocol = Worker.makeUnsafe({
  send: (_message, _transfers) => Effect.void,
  run: (handler) => handler([1, 42]).pipe(Effect.as(undefined as never)),
});

interface NativeWorker {
  postMessage(m: unknown, t?: unknown): void;
}

export const fromHooks = Worker.makePlatform<NativeWorker>()({
  setup: ({ worker, scope: _scope }) => Effect.succeed(worker),
  listen: ({ port: _port, emit: _emit, deferred: _deferred, scope: _scope }) => Effect.void,
});

export const SpawnerLive: Layer.Layer<Worker.Spawner> = Worker.layerSpawner(
  (_id: number) => new NativeThread(new URL('./my-worker.mjs', import.meta.url)),
);

/** The same with workers of this library. */
export const OwnSpawnerLive: Layer.Layer<Worker.Spawner> = layerSpawner((id: number) => ({
  script: new URL(`./w${id}.mjs`, import.meta.url),
}));

export const spawned = Effect.gen(function* () {
  const platform = yield* Worker.WorkerPlatform;
  return yield* platform.spawn<number, number>(0);
});

export const useWorker = (worker: Worker.Worker<string, number>) =>
  Effect.gen(function* () {
    yield* worker.send(10);
    yield* worker.run((out) => Effect.log(out), { onSpawn: Effect.log('worker ready') });
  });

export const ready: Worker.PlatformMessage = [0];
export const data: Worker.PlatformMessage = [1, { result: 42 }];

export const native = Effect.gen(function* () {
  const spawn = yield* Worker.Spawner;
  return spawn(0);
});

export const spawner: Worker.SpawnerFn<{ id: number }> = (id) => ({ id });

export const minimal = Worker.makePlatform<{ postMessage: (m: unknown) => void }>()({
  setup: ({ worker }) => Effect.succeed(worker),
  listen: () => Effect.void,
});
