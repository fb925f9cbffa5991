// Hosts of `os.Worker` as programs: what they print, when they end, and with which code.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { ways } from '../../fixtures/isolate/support.mjs';
import { commandOf, runtimes } from '../../fixtures/other-runtimes.mjs';
import { runToEnd } from '../../fixtures/programs.mjs';
import { inTestAll } from '../../fixtures/rounds.mjs';

const host = new URL('../../fixtures/isolate/os/host.mjs', import.meta.url);

interface Expected {
  /** Its lines, in their order; those of a host and of a worker may come in any. */
  readonly out: readonly string[];
  readonly errors?: RegExp;
  readonly code?: number;
}

/** What each program of the fixture does. */
const programs: Readonly<Record<string, readonly [title: string, expected: Expected]>> = {
  conversation: ['a host and its worker talk, and end', { out: ['host: changed 1,10'] }],
  exit: [
    'a worker cannot end the process, goes on, and ends by `Worker.parent.onmessage = null`',
    {
      out: ['host: ready', 'host: exiting'],
      errors: /uncaught in the worker .*exits\.js: Error: cmdline\.exit\(\) is for the main thread/,
    },
  ],
  terminate: [
    '`terminate()` ends a worker that waits; a second one and later messages do nothing',
    { out: ['host: ready', 'host: terminated'] },
  ],
  close: ['`onmessage = null` of the host ends a worker that waits', { out: ['host: ready'] }],
  'terminate-without-listener': ['`terminate()` ends a worker that has sent what nobody reads', { out: [] }],
  'terminate-in-a-loop': ['`terminate()` ends a worker that loops', { out: [] }],
  'nothing-to-do': ['a worker ends that has nothing to do, or waits for what never comes', { out: [] }],
  'spam-then-read': ['the host reads all messages of a worker that sends many', { out: ['host: 501', 'worker: sent'] }],
  'spam-then-terminate': ['the host ends a worker whose messages it has not read', { out: ['worker: sent'] }],
  'posts-then-closes': [
    'a worker handles what was posted before the connection was closed',
    { out: ['worker: 1', 'worker: 2', 'worker: 3'] },
  ],
  'waits-for-timers': ['a worker whose connection is closed runs its timers first', { out: ['host: closed', 'timer'] }],
  'does-nothing': [
    'the host waits for a worker that ends by itself',
    { out: ['host: started', 'worker: started', 'worker: ends'] },
  ],
  'throws-twice': [
    'an error that the host does not listen for is written, and ends neither',
    { out: [], errors: /uncaught in the worker .*throws\.js: Error: of the worker\n {4}at / },
  ],
  'wrong-start': [
    'workers that cannot start leave their host to its end',
    {
      out: [],
      errors:
        /(?=[^]*text\.js: \[?ReferenceError: the module "none\.js")(?=[^]*none\.js: WorkerError: cannot start)(?=[^]*text\.js: 'plain', which is no error)/,
    },
  ],
  'listener-throws': [
    'an error of a listener of the host is one of the host, and not of its worker',
    { out: [], errors: /Error: of the host/, code: 1 },
  ],
  'onerror-throws': [
    'so is an error of `onerror`',
    { out: [], errors: /Error: of the host, by of the worker/, code: 1 },
  ],
  unref: ['a host does not wait for workers that are unreferenced', { out: ['host: started'] }],
  'unref-and-ref': ['a host waits for a worker that is referenced again', { out: ['host: ready'] }],
  'exits-beside': ['a host ends itself while its worker loops', { out: ['host: looping'], code: 3 }],
  'runs-a-program': ['a host runs another program while its worker waits', { out: ['host: 2'] }],
  many: ['workers start and end in any order', { out: ['host: all'] }],
};

for (const way of Object.keys(ways)) {
  const skip = way === 'thread' ? false : inTestAll;

  describe(`With workers, ${way},`, { concurrency: 2 }, () => {
    for (const [program, [title, { out, errors, code = 0 }]] of Object.entries(programs)) {
      test(`${title} (${program})`, { skip }, async () => {
        const ran = await runToEnd(host, [program, way]);
        assert.deepEqual([ran.code, ran.signal], [code, null], ran.stderr);
        const lines = ran.stdout.split('\n').filter((line) => line !== '');
        for (const side of ['host:', 'worker:', 'timer']) {
          const of = (all: readonly string[]) => all.filter((line) => line.startsWith(side));
          assert.deepEqual(of(lines), of(out));
        }
        assert.equal(lines.length, out.length, ran.stdout);
        if (errors === undefined) assert.equal(ran.stderr, '');
        else assert.match(ran.stderr, errors);
      });
    }

    for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
      test(`${signal} ends a host whose worker loops`, { skip }, async (t) => {
        const child = spawn(process.execPath, [fileURLToPath(host), 'loops-for-ever', way], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        t.after(() => child.kill('SIGKILL'));
        const ended = once(child, 'exit');
        await once(createInterface(child.stdout), 'line');
        child.kill(signal);
        assert.deepEqual(await ended, [null, signal]);
      });
    }
  });
}

const shown = [
  'conversation',
  'exit',
  'throws-twice',
  'unref',
  'terminate-in-a-loop',
  'waits-for-timers',
  'exits-beside',
];

for (const runtime of runtimes.filter(({ name }) => name !== 'Bun')) {
  for (const way of Object.keys(ways)) {
    test(`${runtime.name} runs hosts and their workers, ${way}`, { timeout: 180_000, skip: inTestAll }, async (t) => {
      for (const program of shown) {
        const called = await commandOf(t, runtime, fileURLToPath(host), program, way);
        if (called === undefined) return;
        const { out, code = 0 } = (programs[program] as readonly [string, Expected])[1];
        const child = spawn(called.file, called.args, { ...called.options, stdio: ['ignore', 'pipe', 'ignore'] });
        t.after(() => child.kill('SIGKILL'));
        const [[ended], output] = await Promise.all([once(child, 'close'), text(child.stdout)]);
        assert.equal(ended, code, program);
        for (const line of out) assert.ok(output.includes(`${line}\n`), `${program}: ${output}`);
      }
    });
  }
}

test('Bun refuses, and the error says why', { timeout: 180_000, skip: inTestAll }, async (t) => {
  const bun = runtimes.find(({ name }) => name === 'Bun') as (typeof runtimes)[number];
  const called = await commandOf(t, bun, fileURLToPath(host), 'conversation');
  if (called === undefined) return;
  const child = spawn(called.file, called.args, { ...called.options, stdio: ['ignore', 'ignore', 'pipe'] });
  const [[code], errors] = await Promise.all([once(child, 'close'), text(child.stderr)]);
  assert.equal(code, 1);
  assert.match(
    errors,
    /isolates need `Serializer` and `Deserializer` of node:v8, and those of Bun [\d.]+ do not work: .*[^.]\. Run the host with Node 20 or later/,
  );
  assert.match(errors, /ERR_UNSUPPORTED_PLATFORM/);
});
