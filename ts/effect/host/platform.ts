import * as Deferred from 'effect/Deferred';
import * as Effect from 'effect/Effect';
import * as Exit from 'effect/Exit';
import * as Option from 'effect/Option';
import * as Scope from 'effect/Scope';
import * as Worker from 'effect/workers/Worker';
import type { WorkerError } from 'effect/workers/WorkerError';

import { notStarted } from './errors.js';
import type { Port } from './link.js';
import type { Spawned } from './spawned.js';
import { start } from './start.js';

/** Effect's own platform over a worker of this library: it buffers what is sent before the worker is ready. */
export function createPlatform(closeTimeout: number): Worker.WorkerPlatform['Service'] {
  return Worker.makePlatform<Spawned>()<Port>({
    setup: ({ worker, scope }) => acquirePort(worker, scope, closeTimeout),
    listen: ({ port, emit, deferred }) =>
      Effect.sync(() => {
        const onFailure = (error: WorkerError) => void Deferred.doneUnsafe(deferred, Exit.fail(error));
        port.open({ onFrame: emit, onFailure });
      }),
  });
}

/** Starts the worker and gives a port to it, which closes with the scope, also where the start is interrupted. */
function acquirePort(spawned: Spawned, scope: Scope.Scope, closeTimeout: number): Effect.Effect<Port, WorkerError> {
  return Effect.suspend(() => {
    const starting = start(spawned).then((link) => link.createPort());
    const started = Effect.tryPromise({ try: () => starting, catch: notStarted });
    const closed = Effect.promise(() => starting.then((port) => port.close(closeTimeout)).catch(() => {}));
    // A spawner's promise may never settle; a worker that comes too late is closed, and nobody waits for that.
    const begun = Effect.exit(started).pipe(Effect.timeoutOption(closeTimeout === 0 ? Infinity : closeTimeout));
    const close = Effect.flatMap(begun, (exit) =>
      Option.isSome(exit) ? closed : Effect.sync(() => void Effect.runFork(closed)),
    );
    return Effect.andThen(Scope.addFinalizer(scope, close), Effect.interruptible(started));
  });
}
