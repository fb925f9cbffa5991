// The workers of a pool end at any moment. `POOL_SEED=<seed>` repeats a run.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { createPool } from 'isolated-workers';

import { isGone } from '../fixtures/processes.mjs';
import { randomOf, seedOf } from '../fixtures/pool/random.mjs';
import { eventually, type Loose, withDrivers } from '../fixtures/pool/support.mjs';
import { rounds } from '../fixtures/rounds.mjs';

const REQUESTS = rounds(200, 1_000);
const codes = new Set([
  'ERR_WORKER_CRASHED',
  'ERR_MESSAGE_TIMEOUT',
  'ERR_QUEUE_TIMEOUT',
  'ERR_POOL_UNAVAILABLE',
  'ERR_CANCELLED',
]);

/** It may have ended by itself a moment ago. */
function endProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ESRCH');
  }
}

withDrivers('A pool whose workers end at random', (driver, isThread) => {
  test('settles each request once, loses none, and leaves nothing', async (t) => {
    const seed = seedOf();
    // At once: a run that hangs tells it, too.
    console.error(`POOL_SEED=${seed}`);
    const { below, oneOf, fraction } = randomOf(seed);
    const pool = await createPool<Loose>({
      script: new URL('../fixtures/pool/chaos.mjs', import.meta.url),
      ...(driver as object),
      ...((isThread ? { driverOptions: { stderr: true } } : { stdio: ['ignore', 'ignore', 'ignore'] }) as object),
      maxWorkers: 3,
      concurrency: 3,
      spares: 1,
      idleTimeout: 50,
      unexpectedShutdown: { strategy: 'retry', attempts: 2 },
      recycle: { afterRequests: 8 },
      logLevel: 'silent',
    });
    t.after(() => pool.close({ pending: 'reject' }));
    const pids = new Set<number>();
    pool.on('workerStart', ({ pid }) => void (pid !== undefined && pids.add(pid)));
    let settled = 0;
    const wrong: string[] = [];
    const outcomes: Record<string, number> = {};
    const note = (name: string) => (outcomes[name] = (outcomes[name] ?? 0) + 1);
    const check = (error: any, mayFail: boolean) => {
      const name = typeof error.code === 'string' ? error.code : error.name;
      note(name);
      if (!codes.has(name) && !mayFail) wrong.push(`${name}: ${error.message}`);
    };

    function request(id: number): Promise<void> {
      const end = oneOf([undefined, undefined, undefined, undefined, undefined, undefined, 'exit', 'throw', 'fail']);
      const options = {
        ...(below(3) === 0 ? { key: `key ${below(6)}` } : {}),
        ...(below(4) === 0 ? { priority: below(3) } : {}),
        ...(below(10) === 0 ? { timeout: 1 + below(30) } : {}),
        ...(below(10) === 0 ? { queueTimeout: 1 + below(30) } : {}),
        ...(below(10) === 0 ? { signal: AbortSignal.timeout(below(30)) } : {}),
      };
      const sent = pool.send('work', { id, ms: below(8), end: fraction() < 0.3 ? end : undefined }, options);
      return sent.then(
        (answer: unknown) => {
          settled++;
          note('answered');
          if (answer !== id) wrong.push(`${id} was answered ${String(answer)}`);
        },
        (error: any) => {
          settled++;
          check(error, error instanceof RangeError || error.name === 'TimeoutError');
        },
      );
    }

    async function read(): Promise<void> {
      let expected = 0;
      try {
        for await (const chunk of pool.stream('count' as never, 20 as never) as AsyncIterable<number>) {
          if (chunk !== expected++) wrong.push(`a chunk ${chunk} came in place of ${expected - 1}`);
          if (expected === 15 && below(4) === 0) break;
        }
      } catch (error) {
        check(error, false);
      }
    }

    const all: Promise<void>[] = [];
    for (let id = 0; id < REQUESTS; id++) {
      all.push(request(id));
      if (below(20) === 0) all.push(read());
      if (below(30) === 0) await delay(below(20));
      if (below(60) === 0) pool.resize({ maxWorkers: 1 + below(4) });
      if (id === REQUESTS / 2 || below(150) === 0)
        all.push(pool.restart().catch((error: unknown) => check(error, false)));
      if (below(40) === 0 && !isThread) {
        const [victim] = pool.workers.filter(() => below(2) === 0);
        if (victim?.pid !== undefined && victim.state !== 'gone') endProcess(victim.pid, oneOf(['SIGKILL', 'SIGTERM']));
      }
    }
    await Promise.all(all);
    t.diagnostic(JSON.stringify(outcomes));
    assert.deepEqual(wrong, []);
    assert.equal(settled, REQUESTS);
    const { queued, inFlight, crashed } = pool.stats();
    assert.deepEqual([queued, inFlight], [0, 0]);
    assert.ok(crashed > 0);
    assert.ok((outcomes['answered'] ?? 0) > REQUESTS / 3);
    await pool.close();
    assert.deepEqual([pool.workers.length, pool.stats().starting], [0, 0]);
    await eventually('all processes are gone', () => [...pids].every((pid) => isGone(pid)));
  });
});

withDrivers('64 workers that import TypeScript', (driver) => {
  test('all start, a few at a time', async (t) => {
    const count = rounds(4, 64);
    const pool = await createPool<Loose>({
      script: new URL('../fixtures/pool/imports-typescript.mjs', import.meta.url),
      ...(driver as object),
      minWorkers: count,
      maxWorkers: count,
    });
    t.after(() => pool.close());
    assert.equal(pool.stats().workers, count);
    const versions = await Promise.all(pool.workers.map(() => pool.send('version')));
    assert.equal(new Set(versions).size, 1);
  });
});
