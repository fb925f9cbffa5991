import * as Cause from 'effect/Cause';
import * as Deferred from 'effect/Deferred';
import * as Effect from 'effect/Effect';
import * as Exit from 'effect/Exit';
import * as Fiber from 'effect/Fiber';
import * as Queue from 'effect/Queue';
import * as Scope from 'effect/Scope';
import type { WorkerError } from 'effect/workers/WorkerError';
import type { WorkerRunner } from 'effect/workers/WorkerRunner';

import type { Ports } from './ports.js';
import type { Program } from './program.js';

/** The runner that a platform starts. */
export function createRunner<O, I>(
  ports: Ports,
  program: Program,
  disconnects: Queue.Queue<number>,
): WorkerRunner<O, I> {
  const sendUnsafe = (portId: number, message: O, transfers?: readonly unknown[]) =>
    ports.send(portId, message, transfers);
  const run = <A, E, R>(
    handler: (portId: number, message: I) => Effect.Effect<A, E, R> | void,
  ): Effect.Effect<void, WorkerError, R> =>
    Effect.scopedWith((scope) => Effect.andThen(program.follow, serve(ports, scope, handler, disconnects)));
  return {
    run,
    send: (portId, message, transfers) => Effect.sync(() => sendUnsafe(portId, message, transfers)),
    sendUnsafe,
    disconnects,
  };
}

/** Handles messages until the last port is closed. Each message has a fiber, which ends with its port. */
const serve = Effect.fnUntraced(function* <A, E, R, I>(
  ports: Ports,
  scope: Scope.Scope,
  handler: (portId: number, message: I) => Effect.Effect<A, E, R> | void,
  disconnects: Queue.Queue<number>,
) {
  const closed = Deferred.makeUnsafe<void, WorkerError>();
  const runFork = Effect.runForkWith(yield* Effect.context<R>());
  const fibers = new Map<Fiber.Fiber<A, E>, number>();
  const onEnd = (exit: Exit.Exit<unknown, unknown>): void => {
    if (Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)) return;
    runFork(Effect.logError('unhandled error in worker', exit.cause));
  };
  const listener = {
    onMessage: (portId: number, payload: unknown) => {
      let handling: Effect.Effect<A, E, R> | void;
      try {
        handling = handler(portId, payload as I);
      } catch (error) {
        return onEnd(Exit.die(error));
      }
      if (!Effect.isEffect(handling)) return;
      const fiber = runFork(handling);
      const exit = fiber.pollUnsafe();
      // Most have ended already.
      if (exit !== undefined) return onEnd(exit);
      fibers.set(fiber, portId);
      fiber.addObserver((later) => {
        fibers.delete(fiber);
        onEnd(later);
      });
    },
    onDisconnect: (portId: number) => {
      Queue.offerUnsafe(disconnects, portId);
      const own = [...fibers].filter(([, of]) => of === portId).map(([fiber]) => fiber);
      runFork(Fiber.interruptAll(own));
    },
    onClose: () => void Deferred.doneUnsafe(closed, Exit.void),
    onUnreadable: (error: WorkerError) => void Deferred.doneUnsafe(closed, Exit.fail(error)),
  };
  yield* Scope.addFinalizer(
    scope,
    Effect.suspend(() => {
      ports.remove(listener);
      return Fiber.interruptAll([...fibers.keys()]);
    }),
  );
  ports.add(listener);
  return yield* Deferred.await(closed);
});
