// An isolate that uses more than it may ends, and the error names the limit.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { WorkerCrashedError } from 'isolated-workers';
import type { IsolateLimits } from 'isolated-workers/drivers/isolate';

import { failure } from '../fixtures/support.mjs';
import { modes, serving, startIsolate } from '../fixtures/isolate/support.mjs';

const looping = { cpuMsPerMessage: 200 };
const allocating = { cpuMsPerMessage: 10_000, memoryMb: 8 };

/** What the script does, and the limit that ends it. */
const hostile: readonly (readonly [title: string, handler: string, limit: keyof IsolateLimits])[] = [
  ['loops', '() => { for (;;); }', 'cpuMsPerMessage'],
  ['catches everything', '() => { for (;;) try { for (;;); } catch {} finally { continue; } }', 'cpuMsPerMessage'],
  ['loops over promises', 'async () => { for (;;) await undefined; }', 'cpuMsPerMessage'],
  ['has a pattern that backtracks', "() => /^(a+)+$/.test('a'.repeat(40) + 'b')", 'cpuMsPerMessage'],
  ['sorts without end', '() => [3, 2, 1].sort(() => { for (;;); })', 'cpuMsPerMessage'],
  [
    'reads a generator without end',
    '() => { for (const _ of (function* () { for (;;) yield; })()); }',
    'cpuMsPerMessage',
  ],
  ['fills an array', '() => { const all = []; for (;;) all.push(new Array(1000).fill(0)); }', 'memoryMb'],
  ['keeps strings', "() => { const all = []; for (;;) all.push('x'.repeat(1000) + all.length); }", 'memoryMb'],
  ['wants much memory at once', '() => new ArrayBuffer(1e9)', 'memoryMb'],
  ['nests objects', '() => { let all = {}; for (;;) all = { all }; }', 'memoryMb'],
  ['fills a map', '() => { const all = new Map(); for (let i = 0; ; i++) all.set(i, { i }); }', 'memoryMb'],
  [
    'survives the refusal of memory',
    '() => { const all = []; for (;;) try { for (;;) all.push({}); } catch {} }',
    'memoryMb',
  ],
  [
    'loops where no memory is left for an error',
    "() => { const all = []; for (;;) try { all.push('x'.repeat(100) + all.length); } catch { try { for (;;); } catch {} finally { continue; } } }",
    'memoryMb',
  ],
  ['calls itself', '() => { const f = () => f() + 1; return f(); }', 'stackKb'],
  [
    'posts faster than the host reads',
    "(_, { host }) => { for (;;) host.post('x', 'x'.repeat(10_000)); }",
    'maxQueuedBytes',
  ],
];

for (const mode of modes) {
  describe(`In mode '${mode}' a script ends that`, { concurrency: 2 }, () => {
    for (const [title, handler, limit] of hostile) {
      test(`${title}, by ${limit}`, async (t) => {
        const given = limit === 'cpuMsPerMessage' ? looping : allocating;
        const queued = limit === 'maxQueuedBytes' ? { maxQueuedBytes: 100_000, memoryMb: 64 } : {};
        const worker = await startIsolate(t, `run: ${handler}`, { mode, limits: { ...given, ...queued } });
        const error = await failure(worker.send('run'));
        assert.ok(error instanceof WorkerCrashedError, String(error));
        const { code, limit: named } = error.cause as { code?: unknown; limit?: unknown };
        assert.deepEqual([code, named], ['ERR_RESOURCE_LIMIT', limit]);
        assert.equal(error.isOutOfMemory, limit === 'memoryMb');
        assert.match(error.message, new RegExp(`limits\\.${limit} is \\d+`));
      });
    }
  });
}

describe('An isolate', () => {
  for (const mode of modes) {
    test(`ends when its messages have used all its time, in mode '${mode}'`, async (t) => {
      const spin = 'spin: (ms) => { const end = performance.now() + ms; while (performance.now() < end); }';
      const worker = await startIsolate(t, spin, { mode, limits: { cpuMs: 200 } });
      await worker.send('spin', 20);
      const error = await failure(worker.send('spin', 60_000));
      assert.equal((error.cause as { limit?: unknown }).limit, 'cpuMs');
    });

    test(`that only waits ends when its time is over, in mode '${mode}'`, async (t) => {
      const worker = await startIsolate(t, 'wait: () => new Promise(() => {})', { mode, limits: { wallMs: 300 } });
      const error = await failure(worker.send('wait'));
      assert.equal((error.cause as { limit?: unknown }).limit, 'wallMs');
    });

    test(`cannot send a result that is too large, and lives on, in mode '${mode}'`, async (t) => {
      const worker = await startIsolate(t, "text: (n) => 'x'.repeat(n)", { mode, limits: { maxResultBytes: 5000 } });
      const error = await failure(worker.send('text', 5000));
      assert.equal(error.code, 'ERR_MESSAGE_TOO_LARGE');
      assert.equal(await worker.send('text', 4000), 'x'.repeat(4000));
    });

    test(`whose script catches an overflow of the stack lives on, in mode '${mode}'`, async (t) => {
      const deep = 'deep: () => { const f = () => f() + 1; try { f(); } catch (error) { return error.name; } }';
      const worker = await startIsolate(t, deep, { mode });
      assert.equal(await worker.send('deep'), 'RangeError');
      assert.equal(await worker.send('deep'), 'RangeError');
    });

    test(`that loops at its start fails the start, in mode '${mode}'`, async (t) => {
      const start = startIsolate(t, '', { mode, limits: looping, sources: { 'main.js': 'for (;;);' } });
      const error = await failure(start);
      assert.ok(error instanceof WorkerCrashedError);
      assert.equal(error.phase, 'startup');
      assert.equal((error.cause as { limit?: unknown }).limit, 'cpuMsPerMessage');
    });

    test(`ends at once when the host kills it in a loop, in mode '${mode}'`, async (t) => {
      const limitless = { cpuMsPerMessage: Infinity };
      const worker = await startIsolate(t, 'spin: () => { for (;;); }', { mode, limits: limitless });
      const spinning = failure(worker.send('spin'));
      await worker.close({ timeout: 50 });
      assert.ok((await spinning) instanceof Error);
      assert.equal(worker.isActive, false);
    });
  }

  test('that is refused memory or time at any moment ends, and its host lives', async (t) => {
    const all = 'const all = []; const fill = () => { for (;;) all.push(new Array(50).fill(all.length)); };';
    const rest = "console.log({ a: 1 }); new URL('http://a/'); new AbortController(); structuredClone(new Map());";
    const sources = {
      'main.js': `${all}\n${serving(`run: (_, { host }) => { try { fill(); } catch { ${rest} host.send('x'); throw 1; } }`)}`,
    };
    for (let step = 0; step < 40; step++) {
      const limits = { memoryMb: 2 + step / 50, cpuMsPerMessage: 1 + step * 2 };
      for (const mode of modes) {
        const outcome = await startIsolate(t, '', { mode, sources, limits })
          .then((worker) => worker.send('run'))
          .then(
            () => undefined,
            (error: unknown) => error,
          );
        assert.ok(outcome instanceof WorkerCrashedError, String(outcome));
        assert.equal((outcome.cause as { code?: unknown }).code, 'ERR_RESOURCE_LIMIT', String(outcome));
      }
    }
  });

  test('has its limits also where code of the library calls functions of its script', async (t) => {
    const bomb = 'const bomb = function () { const all = []; for (;;) all.push(new Array(1000).fill(0)); };';
    const replaced = 'globalThis.WeakMap = bomb; Reflect.defineProperty = bomb; Object.defineProperty = bomb;';
    const ends: unknown[] = [];
    for (const use of ["new Event('x')", 'new AbortController()', "new URL('a:b')", 'new TextDecoder()', 'crypto']) {
      const limits = { memoryMb: 8, cpuMsPerMessage: 60_000 };
      const worker = await startIsolate(t, `run: () => { ${bomb} ${replaced} ${use}; }`, { limits });
      await worker
        .send('run')
        .catch(({ cause }: WorkerCrashedError) => ends.push((cause as { limit?: unknown }).limit));
    }
    assert.ok(ends.length > 0, 'no function of the script was called');
    assert.deepEqual(new Set(ends), new Set(['memoryMb']));
  });

  test('refuses limits that are none', async (t) => {
    const wrong: [IsolateLimits, RegExp][] = [
      [{ memoryMb: 1 }, /limits\.memoryMb must be a number of 2 or more, not 1/],
      [{ stackKb: 100_000 }, /limits\.stackKb must be a number from 64 to 8192/],
      [{ cpuMs: Number.NaN }, /limits\.cpuMs must be a number/],
      [{ memory: 3 } as IsolateLimits, /limits must be an object with memoryMb, .*, not "memory"/],
    ];
    for (const [given, text] of wrong) {
      const error = await failure(startIsolate(t, '', { limits: given }));
      assert.equal(error.code, 'ERR_INVALID_OPTION');
      assert.match(error.message, text);
    }
  });
});
