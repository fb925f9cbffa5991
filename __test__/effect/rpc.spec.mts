// Effect's RPC over workers of every driver: schemas, typed errors, streams, interruption, pools, first messages, transfers.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import * as Cause from 'effect/Cause';
import * as Context from 'effect/Context';
import * as Effect from 'effect/Effect';
import * as Exit from 'effect/Exit';
import * as Fiber from 'effect/Fiber';
import * as Layer from 'effect/Layer';
import * as ManagedRuntime from 'effect/ManagedRuntime';
import * as Option from 'effect/Option';
import * as RpcClient from 'effect/rpc/RpcClient';
import type { RpcClientError } from 'effect/rpc/RpcClientError';
import type * as RpcGroup from 'effect/rpc/RpcGroup';
import * as RpcWorker from 'effect/rpc/RpcWorker';
import type * as Scope from 'effect/Scope';
import * as Stream from 'effect/Stream';
import { layer, type SpawnOptions } from 'isolated-workers/effect';

import { drivers, isIsolate } from '../fixtures/effect/drivers.mjs';
import { NotFound, Person, Procedures, Settings } from '../fixtures/effect/rpc.mjs';

class Client extends Context.Service<Client, RpcClient.RpcClient<RpcGroup.Rpcs<typeof Procedures>, RpcClientError>>()(
  'Client',
) {}

const script = new URL('../fixtures/effect/rpc-worker.mjs', import.meta.url);
const settings = { greeting: 'Hello', since: new Date('1999-05-05T00:00:00Z') };

/** Calls procedures of a pool of workers, which ends with the tests that follow. */
function poolOf(options: Partial<SpawnOptions>, size = 1) {
  const Live = Layer.effect(Client)(RpcClient.make(Procedures)).pipe(
    Layer.provide(RpcClient.layerProtocolWorker({ size, concurrency: 8 })),
    Layer.provide(layer((id) => ({ script, name: `worker ${id}`, ...options }))),
    Layer.provide(RpcWorker.layerInitialMessage(Settings, Effect.succeed(settings))),
  );
  const runtime = ManagedRuntime.make(Live);
  after(() => runtime.dispose());
  return <A, E>(use: (client: Client['Service']) => Effect.Effect<A, E, Scope.Scope>): Promise<A> =>
    runtime.runPromise(Effect.scoped(Effect.flatMap(Client, use)));
}

for (const [name, options] of drivers) {
  describe(`RPC (${name})`, () => {
    const call = poolOf(options);

    test('the schema decodes a result', async () => {
      const found = await call((client) => client.Find({ name: 'Ada' }));
      assert.ok(found instanceof Person);
      assert.deepEqual(found.born, new Date('1815-12-10T00:00:00Z'));
      assert.deepEqual(found.nickname, Option.some('A. A. L.'));
    });

    test('a typed error arrives as an instance of its class', async () => {
      const error = await call((client) => Effect.flip(client.Find({ name: 'Bob' })));
      assert.ok(error instanceof NotFound);
      assert.equal(error.name, 'Bob');
    });

    test('a defect arrives as a defect, and the worker goes on', async () => {
      const [exit, next] = await call((client) =>
        Effect.all([Effect.exit(client.Broken()), Effect.exit(client.Find({ name: 'Ada' }))]),
      );
      assert.ok(Exit.isFailure(exit) && Cause.hasDies(exit.cause));
      assert.match(String(Cause.squash(exit.cause)), /a defect/);
      assert.ok(Exit.isSuccess(next));
    });

    test('a stream arrives in order, whole or in part, with its error', async () => {
      const found = await call((client) =>
        Effect.gen(function* () {
          const all = yield* Stream.runCollect(client.Count({ to: 500 }));
          const few = yield* Stream.runCollect(Stream.take(client.Count({ to: 1_000_000 }), 3));
          const error = yield* Effect.flip(Stream.runCollect(client.Count({ to: -1 })));
          return { all, few, error };
        }),
      );
      assert.deepEqual(
        found.all,
        Array.from({ length: 500 }, (_, at) => at),
      );
      assert.deepEqual(found.few, [0, 1, 2]);
      assert.ok(found.error instanceof NotFound);
    });

    test('an interruption that comes before its fiber has begun leaves nothing running', async () => {
      const [begun, interrupted] = await call((client) =>
        Effect.gen(function* () {
          const before = [yield* client.Begun(), yield* client.Interrupted()] as const;
          for (let round = 0; round < 20; round++) {
            const fiber = yield* Effect.forkChild(client.Endless());
            yield* Effect.yieldNow;
            // The answer shows that the worker has received the request, not that its fiber has begun.
            if (round % 2 === 0) yield* client.Pid();
            yield* Fiber.interrupt(fiber);
          }
          let counts: readonly [number, number] = [1, 0];
          for (let asked = 0; counts[0] !== counts[1] && asked < 10_000; asked++) {
            counts = [(yield* client.Begun()) - before[0], (yield* client.Interrupted()) - before[1]];
          }
          return counts;
        }),
      );
      assert.equal(interrupted, begun);
    });

    test('an interruption reaches the fiber in the worker', async () => {
      const interrupted = await call((client) =>
        Effect.gen(function* () {
          const [begun, before] = [yield* client.Begun(), yield* client.Interrupted()];
          const fiber = yield* Effect.forkChild(client.Endless());
          while ((yield* client.Begun()) === begun);
          yield* Fiber.interrupt(fiber);
          // The runner handles messages concurrently: this one may come before the fiber's finaliser has run.
          let count = 0;
          for (let asked = 0; count === 0 && asked < 10_000; asked++) count = (yield* client.Interrupted()) - before;
          return count;
        }),
      );
      assert.equal(interrupted, 1);
    });

    test('the worker has the initial message before the first call', async () => {
      assert.equal(await call((client) => client.Greeting()), 'Hello since 1999');
    });

    test('a call moves bytes away from their sender, in both directions', async () => {
      const bytes = new Uint8Array([0, 1, 255]);
      const found = await call((client) =>
        Effect.gen(function* () {
          const inverted = yield* client.Invert({ bytes });
          return { inverted, kept: yield* client.Kept() };
        }),
      );
      assert.deepEqual(found, { inverted: new Uint8Array([255, 254, 0]), kept: 0 });
      assert.equal(bytes.length, 0);
    });

    test('a pool runs many calls at once', async () => {
      const calls = Array.from({ length: 200 }, (_, at) => at);
      const found = await poolOf(
        options,
        2,
      )((client) =>
        Effect.gen(function* () {
          const errors = yield* Effect.forEach(calls, (at) => Effect.flip(client.Find({ name: `${at}` })), {
            concurrency: 'unbounded',
          });
          const pids = yield* Effect.forEach(calls, () => client.Pid(), { concurrency: 'unbounded' });
          return { errors, pids };
        }),
      );
      assert.deepEqual(
        found.errors.map(({ name: at }) => at),
        calls.map(String),
      );
      const isProcess = name === 'process' || name === 'custom driver';
      assert.equal(new Set(found.pids).size, isProcess ? 2 : 1);
      assert.equal(found.pids.includes(isIsolate(name) ? 0 : process.pid), !isProcess);
    });
  });
}

for (const [name, options] of drivers.filter(([each]) => each !== 'in-process')) {
  test(`A lost worker fails its calls, and the next call gets a new worker (${name})`, async () => {
    const found = await poolOf(options)((client) =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(client.Exit({ code: 3 }));
        const next = yield* client.Greeting();
        return { exit, next };
      }),
    );
    assert.ok(Exit.isFailure(found.exit));
    const error = Cause.squash(found.exit.cause) as RpcClientError;
    assert.equal(error.reason._tag, 'WorkerReceiveError');
    assert.match(error.message, isIsolate(name) ? /limits\.cpuMsPerMessage is 1000/ : /code 3/);
    assert.equal(found.next, 'Hello since 1999');
  });
}
