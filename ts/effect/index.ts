import * as Layer from 'effect/Layer';
import * as Worker from 'effect/workers/Worker';

import { closeTimeoutOf, type PlatformOptions } from './host/options.js';
import { createPlatform } from './host/platform.js';
import type { Spawned } from './host/spawned.js';

export type { PlatformOptions } from './host/options.js';
export type { AnyClient, Spawned, SpawnOptions } from './host/spawned.js';

/**
 * Effect's `WorkerPlatform` on the workers of this library: processes, threads, modules in the host's thread, and those of
 * your own driver. It has the type of `NodeWorker.layerPlatform`. The worker's script needs the runner of
 * `isolated-workers/effect/runner`.
 *
 * A closed worker may run its finalisers for 5 seconds; {@link layerPlatformWith} changes that.
 */
export const layerPlatform: Layer.Layer<Worker.WorkerPlatform> = layerPlatformWith();

/**
 * {@link layerPlatform} with options.
 *
 * @throws `ERR_INVALID_OPTION`.
 */
export function layerPlatformWith(options?: PlatformOptions): Layer.Layer<Worker.WorkerPlatform> {
  return Layer.succeed(Worker.WorkerPlatform)(createPlatform(closeTimeoutOf(options)));
}

/**
 * Effect's `Spawner`: what each worker id stands for.
 *
 * @param spawn - Gives the options of `createWorker`, a worker, or a promise of either. What it throws, or rejects with, is the
 *   cause of a `WorkerSpawnError`. A worker that it gives belongs to the platform, which closes it. One that it gives for
 *   several ids has a port for each, and ends with the last.
 */
export function layerSpawner(spawn: (id: number) => Spawned): Layer.Layer<Worker.Spawner> {
  return Worker.layerSpawner((id: number): Spawned => {
    try {
      return spawn(id);
    } catch (error) {
      return Promise.reject(error);
    }
  });
}

/**
 * Both: {@link layerPlatform} and {@link layerSpawner}. It stands where a program has `NodeWorker.layer`.
 *
 * @param spawn - As of {@link layerSpawner}.
 *
 * @example
 * ```ts
 * import { layer } from 'isolated-workers/effect';
 *
 * const WorkerLive = layer(() => ({ script: new URL('./worker.js', import.meta.url) }));
 * ```
 */
export function layer(
  spawn: (id: number) => Spawned,
  options?: PlatformOptions,
): Layer.Layer<Worker.WorkerPlatform | Worker.Spawner> {
  return Layer.merge(layerSpawner(spawn), layerPlatformWith(options));
}
