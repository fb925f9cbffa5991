// A pool refuses options: each error names the option, its valid values, and the value.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createPool, InProcessDriver, WorkerThreadsDriver } from 'isolated-workers';

import { begin, failure, script, withDrivers } from '../fixtures/pool/support.mjs';

const refused: Record<string, readonly [options: object, message: RegExp]> = {
  'sizes that contradict each other': [
    { minWorkers: 3, maxWorkers: 2 },
    /^minWorkers must be at most `maxWorkers`, which is 2, not 3/,
  ],
  'no workers at all': [{ maxWorkers: 0 }, /^maxWorkers must be an integer, 1 or more, not 0/],
  'a part of a worker': [{ maxWorkers: 1.5 }, /^maxWorkers must be an integer, 1 or more, not 1\.5/],
  'a negative number of workers': [{ minWorkers: -1 }, /^minWorkers must be an integer, 0 or more, not -1/],
  'no place for a request': [{ concurrency: 0 }, /^concurrency must be an integer, 1 or more, or Infinity, not 0/],
  'no place in the queue': [{ maxQueue: 0 }, /^maxQueue must be an integer, 1 or more, or Infinity, not 0/],
  'no start at all': [{ maxStarts: 0 }, /^maxStarts must be an integer, 1 or more, or Infinity, not 0/],
  'spares without end': [{ spares: Infinity }, /^spares must be an integer, 0 or more, not Infinity/],
  'a timeout that is none': [
    { queueTimeout: '1s' },
    /^queueTimeout must be a number of milliseconds, 0 or more .*, not "1s"/,
  ],
  'an idle timeout below 0': [{ idleTimeout: -1 }, /^idleTimeout must be a number of milliseconds/],
  'an unknown word for a full queue': [{ whenFull: 'drop' }, /^whenFull must be "wait" or "reject", not "drop"/],
  'an unknown strategy': [
    { strategy: 'random' },
    /^strategy must be "least-busy", "round-robin" or a function, not "random"/,
  ],
  'a recycling that is none': [{ recycle: 100 }, /^recycle must be an object, not 100/],
  'a recycling after no request': [
    { recycle: { afterRequests: 0 } },
    /^recycle\.afterRequests must be an integer, 1 or more/,
  ],
  'no memory': [{ recycle: { maxRssMb: 0 } }, /^recycle\.maxRssMb must be a number of mebibytes above 0, not 0/],
  'too much jitter': [{ recycle: { jitter: 2 } }, /^recycle\.jitter must be a number from 0 to 1, not 2/],
  'a misspelt option': [
    { maxWorker: 2 },
    /^createPool does not know the option `maxWorker`\. The nearest that it knows is `maxWorkers`/,
  ],
  'a misspelt option of recycling': [
    { recycle: { maxAgeMs: 2 } },
    /does not know the option `recycle\.maxAgeMs`.*`recycle\.maxAge`/,
  ],
  'an option of single workers': [{ detached: true }, /^createPool does not know the option `detached`/],
  'another of these': [{ waitForReady: false }, /^createPool does not know the option `waitForReady`/],
  'memory that one worker would get': [
    { driver: WorkerThreadsDriver, driverOptions: { transferList: [new ArrayBuffer(1)] } },
    /^driverOptions\.transferList must be left out for a pool: only one worker could get it/,
  ],
  'a retry that is none': [
    { unexpectedShutdown: { strategy: 'again' } },
    /^unexpectedShutdown\.strategy must be "reject" or "retry"/,
  ],
  'a name that is none': [{ name: 1 }, /^name must be a string, not 1/],
  'an option of its workers': [{ maxMessageSize: 1 }, /^maxMessageSize must be a number of bytes from 4096/],
};

for (const [title, [options, message]] of Object.entries(refused)) {
  test(`createPool refuses ${title}`, async () => {
    const error = await failure(createPool({ script, logLevel: 'silent', ...options } as never));
    assert.equal(error.code, 'ERR_INVALID_OPTION');
    assert.match(error.message, message);
  });
}

test('createPool refuses a value that is no object', async () => {
  for (const options of [undefined, null, 'worker.mjs']) {
    assert.equal((await failure(createPool(options as never))).code, 'ERR_INVALID_OPTION');
  }
});

test('createPool refuses a memory limit where the driver cannot measure memory', async () => {
  const error = await failure(createPool({ script, driver: InProcessDriver, recycle: { maxRssMb: 100 } }));
  assert.equal(error.code, 'ERR_UNSUPPORTED_BY_DRIVER');
  assert.match(error.message, /recycle\.maxRssMb/);
});

withDrivers('A call of a pool', (driver) => {
  test('rejects alone for wrong options', async (t) => {
    const { pool } = await begin(t, { ...driver, maxWorkers: 1 });
    const wrong: readonly [object, RegExp][] = [
      [{ key: 5 }, /^key must be a string, not 5/],
      [{ key: null }, /^key must be a string, not null/],
      [{ priority: 'high' }, /^priority must be a number, not "high"/],
      [{ priority: Number.NaN }, /^priority must be a number, not NaN/],
      [{ queueTimeout: -1 }, /^queueTimeout must be a number of milliseconds/],
      [{ timeout: -1 }, /^timeout must be a number of milliseconds/],
      [{ signal: {} }, /^signal must be an AbortSignal, not an object/],
      [{ prioritiy: 1 }, /^send does not know the option `prioritiy`\. The nearest that it knows is `priority`/],
    ];
    for (const [options, message] of wrong) {
      const error = await failure(pool.send('echo', 1, options));
      assert.equal(error.code, 'ERR_INVALID_OPTION');
      assert.match(error.message, message);
    }
    assert.match((await failure(pool.send(1 as never))).message, /^the message type must be a string, not 1/);
    assert.throws(() => pool.post('note', 1, { key: 5 } as never), /^WorkerError: key must be a string, not 5/);
    assert.throws(() => pool.post('note', 1, { timeout: 5 } as never), /post does not know the option `timeout`/);
    const stream = pool.stream('count' as never, { to: 1 } as never, { key: 5 } as never) as any;
    assert.match((await failure(stream.next())).message, /^key must be a string, not 5/);
    assert.match((await failure(stream.result)).message, /^key must be a string, not 5/);
    assert.match((await failure(pool.broadcast('tell', {}, { replay: 'maybe' } as never))).message, /^replay must be/);
    assert.match((await failure(pool.close({ pending: 'maybe' } as never))).message, /^pending must be/);
    for (const sizes of [{ minWorkers: 2 }, { maxWorkers: 0 }, { max: 2 }, 3, null]) {
      assert.throws(() => pool.resize(sizes as never), { code: 'ERR_INVALID_OPTION' });
    }
    assert.equal(await pool.send('echo', 1), 1);
    assert.deepEqual([pool.stats().queued, pool.stats().inFlight, pool.stats().workers], [0, 0, 1]);
  });

  test('rejects for options that throw, and the pool continues', async (t) => {
    const { pool, file, open } = await begin(t, { ...driver, maxWorkers: 1 });
    const options = {
      get priority(): number {
        throw new RangeError('no priority');
      },
    };
    assert.ok((await failure(pool.send('echo', 1, options))) instanceof RangeError);
    const proxy = new Proxy(
      {},
      {
        ownKeys() {
          throw new RangeError('no keys');
        },
      },
    );
    assert.ok((await failure(pool.send('echo', 1, proxy))) instanceof RangeError);
    const gate = pool.send('gate', { path: file('gate'), name: 'first' });
    const payload = {
      get value() {
        throw new RangeError('no value');
      },
    };
    assert.equal((await failure(pool.send('echo', payload))).code, 'ERR_NOT_SERIALIZABLE');
    open('gate');
    await gate;
    assert.equal(await pool.send('echo', 1), 1);
  });

  test('may occur while the pool passes another to a worker', async (t) => {
    const inner: Promise<unknown>[] = [];
    const { pool } = await begin(t, {
      ...driver,
      maxWorkers: 2,
      strategy: ([first], { payload }) => {
        if (typeof payload === 'number' && payload > 0) inner.push(pool.send('echo', payload - 1));
        return first!;
      },
    });
    assert.equal(await pool.send('echo', 5), 5);
    while (inner.length < 5) await inner.at(-1);
    assert.deepEqual(await Promise.all(inner), [4, 3, 2, 1, 0]);
  });
});
