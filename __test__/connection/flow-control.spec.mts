// Only requests wait for grants: no number of messages in both directions blocks the two sides.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test, type TestContext } from 'node:test';

import { createWorker, type Driver, type WorkerOptions } from 'isolated-workers';
import { InProcessDriver } from 'isolated-workers/drivers/in-process';
import { WorkerThreadsDriver } from 'isolated-workers/drivers/worker-threads';

import { eventually, failure, type Loose, RecordingLogger } from '../fixtures/faults/support.mjs';
import { forkDriver } from '../fixtures/fork-driver.mjs';
import { gone } from '../fixtures/processes.mjs';

const MIB = 1024 * 1024;
/** So many messages a side may send before the other has begun on any. */
const WINDOW = 4096;
const script = new URL('../fixtures/flow/worker.mjs', import.meta.url);
const drivers: [name: string, driver: Driver | undefined][] = [
  ['child process', undefined],
  ['worker thread', WorkerThreadsDriver as unknown as Driver],
  ['in process', InProcessDriver as unknown as Driver],
  ["a user's driver", forkDriver as unknown as Driver],
];

async function start(t: TestContext, driver: Driver | undefined, options: Partial<WorkerOptions<Loose>> = {}) {
  // A driver of the user's own brings start-up data later than its worker needs them here.
  const driverOptions = { argv: ['forked', JSON.stringify(options.startupData ?? {})] };
  const own = driver === (forkDriver as unknown) ? { driverOptions } : {};
  const worker = await createWorker<Loose>({ script, driver, ...own, ...options } as WorkerOptions<Loose>);
  t.after(() => worker.kill());
  return worker;
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
const handlers = { lookup: async ({ value }: { value: number }) => ({ value: value * 2 }) };

for (const [name, driver] of drivers) {
  describe(`Between a host and its worker (${name})`, () => {
    for (const count of [1023, 1025, WINDOW - 1, WINDOW + 5, 20_000]) {
      test(`${count} requests settle while their handlers call the host, four at a time`, async (t) => {
        const worker = await start(t, driver, { handlers, startupData: { maxConcurrency: 4 } } as never);
        const answers = await Promise.all(numbers(count).map((number) => worker.send('ask', number)));
        assert.deepEqual(
          answers.map(({ value }) => value),
          numbers(count).map((number) => number * 2),
        );
        const ending = await worker.close();
        assert.ok(ending.type === 'close' || (ending.type === 'exit' && ending.code === 0), JSON.stringify(ending));
      });
    }

    test('an upload advances before any number of requests that wait behind it', async (t) => {
      const worker = await start(t, driver, { startupData: { maxConcurrency: 1 } });
      let release = () => {};
      const released = new Promise<void>((resolve) => (release = resolve));
      async function* input() {
        yield 1;
        await released;
        for (let number = 2; number <= 200; number++) yield number;
      }
      const sum = worker.send('sum', undefined, { input: input() } as never);
      const behind = numbers(2 * WINDOW).map((number) => worker.send('echo', number));
      await new Promise(setImmediate);
      release();
      assert.equal(await sum, 20_100);
      assert.deepEqual(await Promise.all(behind), numbers(2 * WINDOW));
    });

    test('a stream advances before any number of requests that wait behind it', async (t) => {
      const worker = await start(t, driver, { startupData: { maxConcurrency: 1, size: 1000 } });
      const stream = worker.stream('count' as never, 500 as never);
      const behind = numbers(2 * WINDOW).map((number) => worker.send('echo', number));
      let count = 0;
      for await (const chunk of stream as AsyncIterable<{ number: number }>) assert.equal(chunk.number, count++);
      assert.equal(count, 500);
      assert.deepEqual(await Promise.all(behind), numbers(2 * WINDOW));
    });

    test('a cancellation reaches its handler before any number of requests that wait behind it', async (t) => {
      const worker = await start(t, driver, { startupData: { maxConcurrency: 1 } });
      const controller = new AbortController();
      const first = failure(worker.send('untilCancelled', undefined, { signal: controller.signal }));
      const behind = numbers(2 * WINDOW).map((number) => worker.send('echo', number));
      await new Promise(setImmediate);
      controller.abort();
      assert.equal((await first).name, 'AbortError');
      assert.deepEqual(await Promise.all(behind), numbers(2 * WINDOW));
    });

    test('the host can cancel waiting requests, and their timeouts fire', async (t) => {
      const worker = await start(t, driver, { startupData: { maxConcurrency: 1 } });
      const holding = new AbortController();
      const first = failure(worker.send('untilCancelled', undefined, { signal: holding.signal }));
      const controller = new AbortController();
      const { signal } = controller;
      const cancelled = numbers(WINDOW).map((number) => failure(worker.send('echo', number, { signal })));
      const late = numbers(WINDOW).map((number) => failure(worker.send('echo', number, { timeout: 50 })));
      for (const error of await Promise.all(late)) assert.equal(error.code, 'ERR_MESSAGE_TIMEOUT');
      controller.abort();
      for (const error of await Promise.all(cancelled)) assert.equal(error.name, 'AbortError');
      holding.abort();
      assert.equal((await first).name, 'AbortError');
      assert.equal(await worker.send('echo', 'next'), 'next');
    });

    test("a worker's requests time out, however many requests of the host wait in the worker", async (t) => {
      const never = { lookup: () => new Promise(() => {}) };
      const worker = await start(t, driver, {
        handlers: never,
        startupData: { maxConcurrency: 100, timeout: 50 },
      } as never);
      const errors = await Promise.all(numbers(WINDOW + 100).map((number) => failure(worker.send('ask', number))));
      for (const error of errors) assert.equal(error.code, 'ERR_MESSAGE_TIMEOUT');
    });

    test('a host that limits its handlers serves all notifications and requests of its worker, in order', async (t) => {
      let [running, most] = [0, 0];
      const told: number[] = [];
      const worker = await start(t, driver, {
        maxConcurrency: 2,
        handlers: {
          told: async (number: number) => {
            most = Math.max(most, ++running);
            await Promise.resolve();
            told.push(number);
            running--;
          },
          howMany: () => told.length,
        },
      } as never);
      const count = 2 * WINDOW + 100;
      assert.ok(Math.abs((await worker.send('tell', count)) - count) <= 2);
      await eventually('all has been handled', () => told.length === count);
      assert.deepEqual(told, numbers(count));
      assert.equal(most, 2);
    });

    test('`close` waits for all sent messages, however many wait for grants', async (t) => {
      const worker = await start(t, driver, { handlers, startupData: { maxConcurrency: 4 } } as never);
      const answers = Promise.all(numbers(WINDOW + 1000).map((number) => worker.send('ask', number)));
      const closed = worker.close();
      assert.equal((await answers).length, WINDOW + 1000);
      const ending = await closed;
      assert.ok(ending.type === 'close' || (ending.type === 'exit' && ending.code === 0), JSON.stringify(ending));
    });
  });
}

describe('When the output of both sides is full', () => {
  for (const serializer of ['json', 'structured'] as const) {
    for (const maxPendingBytes of [100_000, MIB, undefined]) {
      test(`requests with large payloads and results settle (${serializer}, ${maxPendingBytes ?? 'default'})`, async (t) => {
        const filler = 'y'.repeat(100_000);
        const worker = await start(t, undefined, {
          serializer,
          ...(maxPendingBytes === undefined ? {} : { maxPendingBytes }),
          handlers: { lookup: async ({ value }: { value: { number: number } }) => ({ value: value.number, filler }) },
          startupData: { maxPendingBytes, size: 100_000, serializer },
        } as never);
        const count = 400;
        const answers = await Promise.all(numbers(count).map((number) => worker.send('ask', { number, filler })));
        assert.deepEqual(
          answers.map(({ value }) => value),
          numbers(count),
        );
        assert.equal(worker.pendingBytes, 0);
        assert.deepEqual(await worker.close(), { type: 'exit', code: 0, signal: null });
      });
    }
  }

  test('a handler that waits for capacity in its stream gets it, whatever requests wait', async (t) => {
    const worker = await start(t, undefined, {
      maxPendingBytes: 200_000,
      startupData: { maxConcurrency: 2, maxPendingBytes: 200_000, size: 50_000 },
    });
    const filler = 'y'.repeat(20_000);
    const streams = numbers(4).map(async () => {
      let count = 0;
      for await (const chunk of worker.stream('count' as never, 200 as never) as AsyncIterable<unknown>)
        count += chunk ? 1 : 0;
      return count;
    });
    const behind = numbers(500).map((number) => worker.send('echo', { number, filler }));
    assert.deepEqual(await Promise.all(streams), [200, 200, 200, 200]);
    assert.equal((await Promise.all(behind)).length, 500);
  });
});

const noProc = process.platform !== 'linux' && 'it needs /proc';

describe('A peer that ignores grants', { skip: noProc }, () => {
  const floods = new URL('../fixtures/flow/floods.mjs', import.meta.url);

  async function flooded(t: TestContext, argv: string[], options: Partial<WorkerOptions<Loose>> = {}) {
    const logger = new RecordingLogger();
    const worker = await start(t, undefined, {
      script: floods,
      serializer: 'json',
      argv,
      logger,
      maxPendingBytes: MIB,
      ...options,
    } as never);
    return { worker, logger };
  }

  /** Memory of this process that is not given back soon would also be seen by the next test. */
  const memory = () => 1024 * Number(/^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]);

  for (const kind of ['malformed', 'unknown', 'answered']) {
    test(`and does not read its answers makes the host end it (${kind} requests)`, async (t) => {
      const before = memory();
      const { worker } = await flooded(t, [kind], { handlers: { echo: (value: unknown) => value } } as never);
      const crashed = new Promise<Error & { code?: string }>((resolve) => worker.on('crash', resolve));
      const error = await failure(worker.send('anything'));
      assert.equal(error.code, 'ERR_BACKPRESSURE');
      assert.match(error.message, /worker.*does not read.*maxPendingBytes/);
      await Promise.all([crashed, gone(worker.pid)]);
      assert.ok(memory() - before < 300 * MIB, `${(memory() - before) / MIB} MiB more`);
    });
  }

  test('gets errors for the requests that exceed the memory of its host', async (t) => {
    let held = 0;
    const { worker } = await flooded(t, ['requests', 'reads'], {
      maxConcurrency: 10,
      handlers: {
        hold: () => {
          held++;
          return new Promise(() => {});
        },
      },
    } as never);
    const before = memory();
    await eventually('its handlers run', () => held === 10);
    const waited = process.hrtime.bigint();
    await eventually('the flood has gone on', () => process.hrtime.bigint() - waited > 500_000_000n);
    assert.equal(held, 10);
    assert.ok(memory() - before < 300 * MIB, `${(memory() - before) / MIB} MiB more`);
    await worker.kill();
  });
});
