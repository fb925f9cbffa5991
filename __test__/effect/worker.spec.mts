// Effect workers of each driver: values, order, time of sending, and moved memory.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { once } from 'node:events';

import * as Deferred from 'effect/Deferred';
import * as Effect from 'effect/Effect';
import * as Fiber from 'effect/Fiber';
import * as Worker from 'effect/workers/Worker';
import { isWorkerError } from 'effect/workers/WorkerError';
import type { Middleware } from 'isolated-workers';

import { custom, drivers, inProcess, isolates, childProcess, thread } from '../fixtures/effect/drivers.mjs';
import { launch, run, runWith, script } from '../fixtures/effect/launch.mjs';
import type { Command } from '../fixtures/effect/worker.mjs';

for (const [name, options] of drivers) {
  describe(`An Effect worker (${name})`, () => {
    test('receives, in order and once it is ready, messages that the host sent before run', async () => {
      const outputs = await run(
        options,
        Effect.gen(function* () {
          const platform = yield* Worker.WorkerPlatform;
          const worker = yield* platform.spawn<number, Command>(0);
          for (const value of [1, 2, 3]) yield* worker.send(['double', value]);
          const got: number[] = [];
          const all = yield* Deferred.make<void>();
          const told: string[] = [];
          const fiber = yield* Effect.forkChild(
            worker.run(
              (output) => {
                told.push('output');
                return got.push(output) === 4 ? Deferred.succeed(all, undefined) : Effect.void;
              },
              {
                onSpawn: Effect.suspend(() => {
                  told.push('onSpawn');
                  return Effect.orDie(worker.send(['double', 4]));
                }),
              },
            ),
          );
          yield* Deferred.await(all);
          assert.equal(told[0], 'onSpawn');
          yield* Fiber.interrupt(fiber);
          return got;
        }),
      );
      assert.deepEqual(outputs, [2, 4, 6, 8]);
    });

    test('handles messages concurrently, and so does its host', async () => {
      const both = await run(
        options,
        Effect.gen(function* () {
          const platform = yield* Worker.WorkerPlatform;
          const worker = yield* platform.spawn<string, Command>(0);
          const second = yield* Deferred.make<void>();
          const order: string[] = [];
          const done = yield* Deferred.make<void>();
          yield* worker.send(['wait']);
          yield* worker.send(['echo', 'echo']);
          yield* worker.send(['release']);
          yield* Effect.forkScoped(
            worker.run((output) =>
              Effect.gen(function* () {
                // The first output waits until the second has come.
                if (output === 'echo') yield* Deferred.await(second);
                order.push(output);
                yield* Deferred.succeed(output === 'echo' ? done : second, undefined);
              }),
            ),
          );
          yield* Deferred.await(done);
          return order;
        }),
      );
      assert.deepEqual(both, ['waited', 'echo']);
    });

    test('receives and sends each value that structured clone carries', async () => {
      const values = [new Map([[1, new Date(5)]]), 12n, undefined, [Number.NaN], new Uint8Array([1, 2]), 'ä€😀'];
      const back = await run(
        options,
        Effect.gen(function* () {
          const { ask } = yield* launch();
          return yield* Effect.forEach(values, (value) => ask(['echo', value]));
        }),
      );
      assert.deepEqual(back, values);
    });

    test('moves bytes from its host, and its host from it', async () => {
      const bytes = new Uint8Array(100_000).fill(3);
      const found = await run(
        options,
        Effect.gen(function* () {
          const { ask, next, ready } = yield* launch();
          yield* ready;
          const there = yield* ask(['length', bytes], [bytes.buffer]);
          const back: Uint8Array = yield* ask(['bytes', 1000]);
          return { there, left: bytes.length, back: [back.length, back[999]], leftThere: yield* next };
        }),
      );
      assert.deepEqual(found, { there: 100_000, left: 0, back: [1000, 7], leftThere: 0 });
    });

    test('moves the bytes of messages that the host sent before it was ready', async () => {
      const bytes = new Uint8Array(10);
      const found = await run(
        options,
        Effect.gen(function* () {
          const platform = yield* Worker.WorkerPlatform;
          const worker = yield* platform.spawn<number, Command>(0);
          const length = yield* Deferred.make<number>();
          yield* worker.send(['length', bytes], [bytes.buffer]);
          assert.equal(bytes.length, 10, 'nothing was sent yet');
          yield* Effect.forkScoped(worker.run((output) => Deferred.succeed(length, output)));
          return [yield* Deferred.await(length), bytes.length];
        }),
      );
      assert.deepEqual(found, [10, 0]);
    });

    test('whose channel cannot carry a message fails only that send', async () => {
      const [error, after] = await run(
        options,
        Effect.gen(function* () {
          const { send, ask } = yield* launch();
          yield* ask(['echo']);
          const failed = yield* Effect.flip(send(['echo', () => {}]));
          return [failed, yield* ask(['double', 4])] as const;
        }),
      );
      assert.ok(isWorkerError(error));
      assert.equal(error.reason._tag, 'WorkerSendError');
      assert.equal((error.reason.cause as NodeJS.ErrnoException).code, 'ERR_NOT_SERIALIZABLE');
      assert.equal(after, 8);
    });

    test('exchanges the frames of the protocol, each with its port', async () => {
      const seen: unknown[] = [];
      const observe: Middleware = (message, direction) => {
        // What opens a port is a request.
        if (message.type === 'effect' && message.tx === undefined) seen.push([direction, message.payload]);
      };
      await run(
        { ...options, middleware: observe },
        Effect.gen(function* () {
          const { ask } = yield* launch();
          yield* ask(['double', 21]);
        }),
      );
      assert.deepEqual(seen, [
        ['incoming', [0, [0]]],
        ['outgoing', [0, [0, ['double', 21]]]],
        ['incoming', [0, [1, 42]]],
        ['outgoing', [0, [1]]],
      ]);
    });
  });
}

test('The host does not start a worker without run, and delivers nothing to it', async () => {
  let spawned = 0;
  const spawn = () => {
    spawned += 1;
    return { script };
  };
  await runWith(
    spawn,
    Effect.gen(function* () {
      const platform = yield* Worker.WorkerPlatform;
      const worker = yield* platform.spawn<number, Command>(0);
      yield* worker.send(['double', 1]);
    }),
  );
  assert.equal(spawned, 0);
});

describe('A MessagePort in a transfer list', () => {
  const answer = (port: MessagePort) => Effect.promise(() => once(port, 'message'));

  for (const [name, options] of [
    ['thread', thread],
    ['in-process', inProcess],
  ] as const) {
    test(`reaches a worker whose driver moves ports (${name})`, async () => {
      const { port1, port2 } = new MessageChannel();
      const answers = await run(
        options,
        Effect.gen(function* () {
          const { send, ready } = yield* launch();
          yield* ready;
          yield* send(['port', port2], [port2]);
          return yield* answer(port1);
        }),
      );
      assert.deepEqual(answers, ['over the port']);
      port1.close();
    });
  }

  for (const [name, options] of [['process', childProcess], ['custom driver', custom], ...isolates] as const) {
    test(`fails its send with any other driver, and stays usable (${name})`, async () => {
      const { port1, port2 } = new MessageChannel();
      const bytes = new Uint8Array(3);
      const error = await run(
        options,
        Effect.gen(function* () {
          const { send, ask } = yield* launch();
          yield* ask(['echo']);
          return yield* Effect.flip(send(['port', port2], [bytes.buffer, port2]));
        }),
      );
      assert.equal(error.reason._tag, 'WorkerSendError');
      assert.match(String(error.reason.cause), /MessagePort/);
      assert.equal(bytes.length, 3);
      const heard = once(port1, 'message');
      port2.postMessage('still here');
      assert.deepEqual(await heard, ['still here']);
      port1.close();
    });
  }
});
