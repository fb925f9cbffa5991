// Peers send as fast as they can. They may fill their connection, but must not occupy their host: its timers, its
// other workers and its deadlines stay on time.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import {
  ChildProcessDriver,
  createWorker,
  InProcessDriver,
  WorkerThreadsDriver,
  type WorkerClient,
  type WorkerOptions,
} from 'isolated-workers';

import { ForkDriver } from '../fixtures/drivers/custom/fork-driver.mjs';
import { eventually, failure, type Loose } from '../fixtures/faults/support.mjs';

const script = (name: string) => new URL(`../fixtures/flood/${name}.mjs`, import.meta.url);
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const TIMEOUT = 500;
/** What the library may use between two turns of the loop is 50 ms; collecting garbage counts here, too. */
const MOST = 120;
const WATCHDOG = 20_000;

function spin(millis: number): void {
  for (const end = performance.now() + millis; performance.now() < end;);
}

/** How much processor time this process has used, in milliseconds: others on the machine do not count. */
function used(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The most processor time between two turns of the loop as long as `promise` is not settled, and how many turns there were. */
async function turnsUntil(promise: Promise<unknown>): Promise<{ longest: number; turns: number }> {
  const state = { isOver: false };
  const settled = promise.finally(() => (state.isOver = true)).catch(() => {});
  let longest = 0;
  let turns = 0;
  for (let before = used(); !state.isOver; turns++) {
    await delay(1);
    const now = used();
    longest = Math.max(longest, now - before);
    before = now;
  }
  await settled;
  return { longest, turns };
}

async function within<T>(what: string, promise: Promise<T>): Promise<T> {
  const abort = new AbortController();
  const late = delay(WATCHDOG, undefined, { signal: abort.signal }).then(() => assert.fail(`not in time: ${what}`));
  try {
    return await Promise.race([promise, late]);
  } finally {
    abort.abort();
    late.catch(() => {});
  }
}

async function start(t: TestContext, options: Partial<WorkerOptions<Loose>>) {
  const worker = await createWorker<Loose>({ logger: quiet, timeout: { message: TIMEOUT }, ...options } as never);
  t.after(() => worker.kill());
  return worker as unknown as WorkerClient<Loose>;
}

/** Of a request to a worker that floods its host. */
async function checkTurns(ask: () => Promise<unknown>, extra = 0): Promise<void> {
  const error = failure(ask());
  const { longest, turns } = await turnsUntil(within('the timeout of the request', error));
  assert.equal((await error).code, 'ERR_MESSAGE_TIMEOUT');
  assert.ok(longest < MOST + extra, `${longest} ms in one of ${turns} turns`);
  assert.ok(turns >= 4, `${turns} turns`);
}

describe('A host ends a request in time, and its event loop goes on, while a hostile peer sends it a flood of', () => {
  const kinds = [
    'notifications',
    'notifications that nobody handles',
    'answers that nobody waits for',
    'empty lines',
    'lines that are no JSON',
    'cancellations of nothing',
    'input for nothing',
  ];
  for (const kind of kinds) {
    test(kind, async (t) => {
      let logged = 0;
      const handlers = {
        log: () => {
          logged++;
          spin(0.02);
        },
      };
      const worker = await start(t, { script: script('hostile'), serializer: 'json', handlers } as never);
      await checkTurns(() => worker.send('flood', kind));
      if (kind === 'notifications') assert.ok(logged > 100, `${logged} came`);
      // As many as there are at once: they are late one after the other.
      const others = Array.from({ length: 20 }, (_, index) =>
        failure(worker.send('flood', kind, { timeout: 100 + 10 * index })),
      );
      const { longest } = await turnsUntil(within('the timeouts of others', Promise.all(others)));
      assert.ok(longest < MOST, `${longest} ms in one turn`);
      await within('the end of the worker', worker.kill());
    });
  }

  test('progress, which keeps its own request alive', async (t) => {
    const worker = await start(t, { script: script('hostile'), serializer: 'json' });
    let told = 0;
    const onProgress = () => {
      told++;
      spin(0.02);
    };
    const request = worker.send('flood', 'progress', { onProgress, timeout: 60_000 } as never);
    const other = failure(worker.send('flood', 'empty lines', { timeout: TIMEOUT }));
    const { longest } = await turnsUntil(within('the timeout of another', other));
    assert.ok(longest < MOST, `${longest} ms in one turn`);
    assert.ok(told > 100, `${told} came`);
    const ended = failure(request);
    await within('the end of the worker', worker.kill());
    assert.equal((await ended).name, 'WorkerError');
  });

  test('answers over the lifeline, which health() reads', async (t) => {
    const worker = await start(t, { script: script('hostile'), serializer: 'json' });
    worker.send('flood', 'lifeline', { timeout: 60_000 }).catch(() => {});
    const asked = (async () => {
      for (let count = 0; count < 5; count++) await worker.health({ timeout: 100 } as never);
    })();
    const { longest } = await turnsUntil(within('the answers of health()', asked));
    assert.ok(longest < MOST, `${longest} ms in one turn`);
  });
});

const drivers = {
  child_process: new ChildProcessDriver(),
  worker_threads: new WorkerThreadsDriver(),
  in_process: new InProcessDriver(),
  'a driver of the user': new ForkDriver(),
};

for (const [name, driver] of Object.entries(drivers)) {
  describe(`${name}: an honest worker that tells much leaves its host its turns, with`, () => {
    const handlers = {
      log: () => spin(0.02),
      lookup: (value: number) => {
        spin(0.02);
        return value;
      },
    };
    const startHere = (t: TestContext, options: object = {}) =>
      start(t, { script: script('worker'), driver, handlers, ...options } as never);
    // In one thread, what the worker does takes its host's time, too.
    const own = name === 'in_process' ? 50 : 0;

    for (const kind of ['notifications', 'requests']) {
      test(kind, async (t) => {
        const worker = await startHere(t);
        await checkTurns(() => worker.send(kind, undefined), own);
        await within('the end of the worker', worker.kill());
      });
    }

    test('notifications whose handler goes on later', async (t) => {
      const log = async () => {
        await Promise.resolve();
        spin(0.1);
      };
      const worker = await startHere(t, { handlers: { log } });
      await checkTurns(() => worker.send('notifications', 8000), own);
      await within('the end of the worker', worker.kill());
    });

    test('progress', async (t) => {
      const worker = await startHere(t);
      const onProgress = () => spin(0.02);
      const request = failure(worker.send('progress', undefined, { onProgress, timeout: 60_000 } as never));
      const other = failure(worker.send('hang', undefined));
      const { longest } = await turnsUntil(within('the timeout of another', other));
      assert.ok(longest < MOST + own, `${longest} ms in one turn`);
      await within('the end of the worker', worker.kill());
      await request;
    });

    test('chunks', async (t) => {
      const worker = await startHere(t);
      const other = failure(worker.send('hang', undefined));
      let isOver = false;
      const read = (async () => {
        let count = 0;
        for await (const chunk of worker.stream('chunks' as never)) {
          count += Number(chunk >= 0);
          spin(0.02);
          if (isOver) break;
        }
        return count;
      })();
      const { longest } = await turnsUntil(within('the timeout of another', other));
      isOver = true;
      assert.ok(longest < MOST + own, `${longest} ms in one turn`);
      assert.ok((await within('the end of the stream', read)) > 100);
    });

    test('notifications, all of which come in their order, also when it ends', async (t) => {
      const seen: number[] = [];
      const log = ({ count }: { count: number }) => {
        seen.push(count);
        spin(0.02);
      };
      const worker = await startHere(t, { handlers: { log } });
      await failure(worker.send('notifications', undefined));
      await within('the end of the worker', worker.kill());
      assert.ok(seen.length > 100, `${seen.length} came`);
      assert.deepEqual(seen, [...seen.keys()]);
    });
  });
}

describe('A host that sendSync blocks', () => {
  function thrown(act: () => unknown): any {
    try {
      act();
    } catch (error) {
      return error;
    }
    assert.fail('it was expected to throw, and it did not');
  }

  for (const name of ['child_process', 'worker_threads'] as const) {
    test(`${name}: meets its deadline while an honest worker floods it, and receives the messages behind the flood`, async (t) => {
      let logged = 0;
      const handlers = { log: () => logged++, lookup: (value: number) => value };
      const worker = await start(t, { script: script('worker'), driver: drivers[name], handlers } as never);
      for (const kind of ['requests', 'progress', 'notifications']) {
        const before = used();
        const { code } = thrown(() => (worker as any).sendSync(kind, undefined, { timeout: TIMEOUT }));
        assert.ok(['ERR_MESSAGE_TIMEOUT', 'ERR_SYNC_OVERFLOW'].includes(code), code);
        assert.ok(used() - before < 3 * TIMEOUT, `${used() - before} ms`);
      }
      await eventually('the host has logged messages for other requests', () => logged > 0, WATCHDOG);
    });
  }

  for (const kind of ['answers that nobody waits for', 'cancellations of nothing']) {
    test(`meets its deadline while a hostile worker floods it with ${kind}, and the flood takes no memory`, async (t) => {
      const worker = await start(t, { script: script('hostile'), serializer: 'json' });
      const [before, memory] = [used(), process.memoryUsage.rss()];
      const { code } = thrown(() => (worker as any).sendSync('flood', kind, { timeout: 3 * TIMEOUT }));
      assert.equal(code, 'ERR_MESSAGE_TIMEOUT');
      assert.ok(used() - before < 6 * TIMEOUT, `${used() - before} ms`);
      const more = process.memoryUsage.rss() - memory;
      assert.ok(more < 64 * 2 ** 20, `${more} bytes`);
    });
  }

  for (const kind of ['empty lines', 'notifications', 'notifications that nobody handles']) {
    test(`gives up when a hostile worker sends too many messages for other requests (${kind})`, async (t) => {
      const worker = await start(t, { script: script('hostile'), serializer: 'json', handlers: { log() {} } } as never);
      const memory = process.memoryUsage.rss();
      const { code, message } = thrown(() => (worker as any).sendSync('flood', kind, { timeout: WATCHDOG }));
      assert.equal(code, 'ERR_SYNC_OVERFLOW');
      assert.match(message, /64 MiB.*use send\(\)/);
      const more = process.memoryUsage.rss() - memory;
      assert.ok(more < 400 * 2 ** 20, `${more} bytes`);
      // The host delivers the kept messages in many turns of its event loop.
      const { longest } = await turnsUntil(delay(200));
      assert.ok(longest < MOST, `${longest} ms in one turn`);
    });
  }
});
