// Runs the documented API of Effect's workers, block by block, with workers of this library.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MessageChannel } from 'node:worker_threads';

import * as Effect from 'effect/Effect';
import * as Fiber from 'effect/Fiber';
import * as Layer from 'effect/Layer';
import * as Logger from 'effect/Logger';
import * as Queue from 'effect/Queue';
import * as Schema from 'effect/Schema';
import * as Transferable from 'effect/workers/Transferable';
import * as Worker from 'effect/workers/Worker';
import * as WorkerError from 'effect/workers/WorkerError';
import { layer, layerPlatform, layerSpawner } from 'isolated-workers/effect';

import * as errorBlocks from '../documentation/effect/errors.mjs';
import * as runnerBlocks from '../documentation/effect/runner.mjs';
import * as transferBlocks from '../documentation/effect/transferable.mjs';
import * as workerBlocks from '../documentation/effect/worker.mjs';
import { childProcess, drivers, isolates, thread } from '../fixtures/effect/drivers.mjs';

const script = new URL('../documentation/effect/my-worker.mjs', import.meta.url);

/** Runs what never returns until it has logged a line that ends like this; gives all lines. */
async function logged<E, R>(program: Effect.Effect<unknown, E, R>, services: Layer.Layer<R>, last: string) {
  const lines: string[] = [];
  const seen = Effect.runSync(Queue.make<void>());
  const logger = Logger.make(({ message }) => {
    const line = [message].flat().join(' ');
    lines.push(line);
    if (line.endsWith(last)) Queue.offerUnsafe(seen, undefined);
  });
  const run = Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(program);
    yield* Effect.raceFirst(Queue.take(seen), Effect.asVoid(Effect.exit(Fiber.join(fiber))));
    yield* Fiber.interrupt(fiber);
  });
  await Effect.runPromise(run.pipe(Effect.provide(Layer.merge(services, Logger.layer([logger])))));
  return lines;
}

describe('The documented host', () => {
  for (const [name, options] of drivers.filter(([each]) => each !== 'custom driver')) {
    test(`receives the numbers that its worker doubled (${name})`, async () => {
      const workers = layer(() => ({ ...options, script }));
      assert.deepEqual(await logged(workerBlocks.program, workers, '42'), ['worker said: 42']);
    });
  }

  test('logs the reason why its worker failed', async () => {
    const workers = layer(() => ({ script: './no-such-worker.mjs' }));
    const [line = ''] = await logged(workerBlocks.program, workers, 'never');
    assert.match(line, /^worker failed: .*no-such-worker/);
  });

  test('runs onSpawn when the worker is ready, before an output', async () => {
    const use = Effect.gen(function* () {
      const platform = yield* Worker.WorkerPlatform;
      yield* workerBlocks.useWorker(yield* platform.spawn<string, number>(0));
    });
    assert.deepEqual(
      await logged(
        use,
        layer(() => ({ ...thread, script })),
        '20',
      ),
      ['worker ready', '20'],
    );
  });

  test('spawns clients for ids, over services that are layers of their own', async () => {
    const services = Layer.merge(
      layerPlatform,
      layerSpawner(() => ({ script })),
    );
    const worker = await Effect.runPromise(workerBlocks.spawned.pipe(Effect.provide(services)));
    assert.deepEqual(Object.keys(worker).toSorted(), ['run', 'send']);
  });

  test('finds the worker that the spawner gives for an id', async () => {
    const found = await Effect.runPromise(workerBlocks.native.pipe(Effect.provide(workerBlocks.OwnSpawnerLive)));
    assert.equal(String((found as { script: URL }).script).endsWith('/w0.mjs'), true);
    assert.deepEqual(workerBlocks.spawner(0), { id: 0 });
  });

  test('wraps a protocol that the user wrote', async () => {
    const got: unknown[] = [];
    await Effect.runPromise(workerBlocks.fromProtocol.run((value) => Effect.sync(() => got.push(value))));
    await Effect.runPromise(workerBlocks.fromProtocol.send('anything'));
    assert.deepEqual(got, [42]);
    for (const platform of [workerBlocks.fromHooks, workerBlocks.minimal])
      assert.equal(typeof platform.spawn, 'function');
  });

  test('sends frames for readiness and data', () => {
    assert.deepEqual([workerBlocks.ready, workerBlocks.data], [[0], [1, { result: 42 }]]);
    assert.deepEqual([runnerBlocks.request, runnerBlocks.close], [[0, 'hello'], [1]]);
  });
});

describe('The documented transferables', () => {
  test('enter the collector while a schema encodes a message', async () => {
    const { encoded, transfers } = await Effect.runPromise(transferBlocks.encodeWithTransfers);
    assert.deepEqual(encoded.payload, new Uint8Array([1, 2, 3]));
    assert.deepEqual(transfers, [encoded.payload.buffer]);
    const [buffer] = await Effect.runPromise(transferBlocks.encodeBytes);
    assert.equal((buffer as ArrayBuffer).byteLength, 2);
  });

  test('leave the collector when a program reads it', async () => {
    const { Collector, makeCollectorUnsafe } = Transferable;
    const read = transferBlocks.collected.pipe(Effect.provideService(Collector, makeCollectorUnsafe()));
    assert.deepEqual(await Effect.runPromise(read), [new ArrayBuffer(8)]);
    const { cleared, left, ...rest } = transferBlocks.collectUnsafe();
    assert.deepEqual([rest.read, cleared, left], [[new ArrayBuffer(4)], [new ArrayBuffer(4)], []]);
    assert.deepEqual((await Effect.runPromise(transferBlocks.fresh)).readUnsafe(), []);
  });

  test('enter only an existing collector', async () => {
    await Effect.runPromise(transferBlocks.added);
    const collector = Transferable.makeCollectorUnsafe();
    await Effect.runPromise(transferBlocks.added.pipe(Effect.provideService(Transferable.Collector, collector)));
    assert.deepEqual(collector.readUnsafe(), [new ArrayBuffer(16)]);
  });

  /** What is collected when a schema encodes a value. */
  const collectedOf = async (schema: Schema.Top, value: unknown) => {
    const collector = Transferable.makeCollectorUnsafe();
    const encode = Schema.encodeUnknownEffect(schema as Schema.Schema<unknown>)(value);
    await Effect.runPromise(
      (encode as Effect.Effect<unknown>).pipe(Effect.provideService(Transferable.Collector, collector)),
    );
    return collector.readUnsafe();
  };

  test('include the pixels of ImageData, the port of a MessagePort, and the memory of a Uint8Array', async () => {
    const image = { data: new Uint8ClampedArray(16), width: 2, height: 2 };
    assert.deepEqual(await collectedOf(transferBlocks.Img, image), [image.data.buffer]);
    const { port1 } = new MessageChannel();
    assert.deepEqual(await collectedOf(transferBlocks.Port, port1), [port1]);
    port1.close();
    const bytes = new Uint8Array(4);
    assert.deepEqual(await collectedOf(transferBlocks.WholeBytes, bytes), [bytes.buffer]);
  });

  for (const [name, options] of [['process', childProcess], ['thread', thread], ...isolates] as const) {
    test(`move their memory to a worker, with all other views of it (${name})`, async () => {
      const memory = new ArrayBuffer(8);
      const bytes = new Uint8Array(memory, 0, 4);
      const other = new Uint8Array(memory, 4);
      const send = Effect.gen(function* () {
        const platform = yield* Worker.WorkerPlatform;
        const worker = yield* platform.spawn<number, unknown>(0);
        const transfers = yield* Effect.promise(() => collectedOf(transferBlocks.WholeBytes, bytes));
        yield* worker.send(bytes, transfers);
        yield* worker.run((output) => Effect.log(`worker said: ${output}`));
      });
      const workers = layer(() => ({ ...options, script }));
      // Four bytes make no number.
      assert.deepEqual(await logged(send, workers, 'NaN'), ['worker said: NaN']);
      assert.deepEqual([memory.byteLength, bytes.length, other.length], [0, 0, 0]);
    });
  }
});

describe('The documented errors', () => {
  test('have the message of their reason, and their tag', () => {
    const { err } = errorBlocks;
    assert.deepEqual([err.message, err._tag], ['Failed to send message to worker', 'WorkerError']);
    assert.equal((err.reason.cause as Error).message, 'DataCloneError');
    assert.deepEqual([errorBlocks.isOne, errorBlocks.isOther], [true, false]);
    assert.equal(errorBlocks.e[errorBlocks.id], errorBlocks.id);
  });

  test('have one of four reasons, which a schema encodes and decodes', async () => {
    const tags = ['WorkerSpawnError', 'WorkerSendError', 'WorkerReceiveError', 'WorkerUnknownError'];
    assert.deepEqual(
      errorBlocks.reasons.map(({ _tag }) => _tag),
      tags,
    );
    for (const reason of errorBlocks.reasons) {
      const encoded = await Effect.runPromise(Schema.encodeEffect(errorBlocks.ReasonSchema)(reason));
      const decoded = await Effect.runPromise(Schema.decodeUnknownEffect(WorkerError.WorkerErrorReason)(encoded));
      assert.equal(decoded._tag, reason._tag);
      assert.equal(decoded.message, reason.message);
    }
  });
});
