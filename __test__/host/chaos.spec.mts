// Many workers end in each way, at any moment. `CHAOS_SEED=<seed>` repeats a run.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { rounds } from '../fixtures/rounds.mjs';

const run = promisify(execFile);
const host = fileURLToPath(new URL('../fixtures/chaos/host.mjs', import.meta.url));
const MIB = 2 ** 20;

const WORKERS = rounds(50, 200);
/** After this time no more workers are started. */
const MILLIS = 18_000;

interface Report {
  readonly counts: { workers: number; sent: number; settled: number; resolved: number; errors: Record<string, number> };
  readonly wrong: string[];
  readonly endings: Record<string, number>;
  readonly alive: number[];
  readonly children: string[];
  readonly before: Remains;
  readonly after: Remains;
}

interface Remains {
  readonly descriptors: string[];
  readonly threads: string[];
  readonly resources: string[];
  readonly timers: number;
  readonly memory: { heapUsed: number; external: number; rss: number };
}

test('Each request has one outcome, whatever ends its worker, and the workers leave nothing behind', async (t) => {
  const isKnown = ['linux', 'win32'].includes(process.platform);
  if (!isKnown) return t.skip('what is left of a worker is read from /proc');
  const seed = Number(process.env['CHAOS_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  t.diagnostic(`CHAOS_SEED=${seed}`);
  const { stdout, stderr } = await run(
    process.execPath,
    ['--expose-gc', host, ...[seed, WORKERS, MILLIS].map(String)],
    {
      timeout: 50_000,
      killSignal: 'SIGKILL',
      maxBuffer: 16 * MIB,
    },
  );
  assert.equal(stderr, '');
  const { counts, endings, wrong, alive, children, before, after } = JSON.parse(stdout) as Report;
  t.diagnostic(JSON.stringify({ counts, endings }));
  assert.deepEqual(wrong, []);
  assert.equal(counts.settled, counts.sent);
  assert.ok(counts.workers >= WORKERS / 4, `only ${counts.workers} workers in ${MILLIS} ms`);
  assert.deepEqual(alive, []);
  assert.deepEqual(children, []);
  assert.deepEqual(after.descriptors, before.descriptors);
  assert.deepEqual(after.threads, before.threads);
  assert.deepEqual(after.resources, before.resources);
  assert.equal(after.timers, before.timers);
  const grown = (key: keyof Remains['memory']) => (after.memory[key] - before.memory[key]) / MIB;
  t.diagnostic(`MiB more: heap ${grown('heapUsed')}, external ${grown('external')}, rss ${grown('rss')}`);
  assert.ok(grown('heapUsed') < 8, `${grown('heapUsed')} MiB of heap are left`);
  assert.ok(grown('external') < 8, `${grown('external')} MiB of external memory are left`);
  assert.ok(grown('rss') < 150, `${grown('rss')} MiB of memory are left`);
});
