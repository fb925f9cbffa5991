// The column of the README's table about the workers of Effect: RPC over NodeWorker of @effect/platform-node, in threads and processes.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import * as Cause from 'effect/Cause';
import * as Effect from 'effect/Effect';
import * as Fiber from 'effect/Fiber';

import { withClient } from '../fixtures/node-worker/client.mjs';
import { Declared } from '../fixtures/node-worker/procedures.mjs';
import { endProcess, gone, isGone } from '../fixtures/processes.mjs';

const host = fileURLToPath(new URL('../fixtures/node-worker/host.mjs', import.meta.url));
/** A host or worker that is going to end has ended by then. */
const SOON = 2_000;

/** The cells, from top to bottom; the tests below show each of them. */
const column = ['both', 'yes, with the code', 'by schema (3)', 'yes (1)', 'yes', 'no', 'no', 'yes'];

test('README.md says of the workers of Effect what these tests show', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const rows = readme.split('\n').filter((line) => line.startsWith('|'));
  const table = rows.map((row) => row.split('|').map((cell) => cell.trim()));
  const at = table[0]?.indexOf('Effect 4') ?? -1;
  assert.deepEqual(
    table.slice(2, 2 + column.length).map((row) => row[at]),
    column,
  );
  assert.equal(table[1]?.[at], '---');
});

for (const kind of ['thread', 'process'] as const) {
  describe(`NodeWorker with a ${kind}`, () => {
    test('runs its worker there', async () => {
      const pid = await withClient(kind, (client) => client.Pid());
      assert.equal(pid === process.pid, kind === 'thread');
    });

    test('fails a call whose worker exits, with the exit code', async () => {
      const error = await withClient(kind, (client) => Effect.flip(client.Exit({ code: 3 })));
      assert.match(String(error.reason.message), /exited with code: 3$/);
    });

    test('keeps the class and members of an error that has a schema, and else its name, message and cause', async () => {
      const declared = await withClient(kind, (client) => Effect.flip(client.Fail()));
      assert.ok(declared instanceof Declared);
      assert.equal(declared.code, 'E_DECLARED');
      assert.deepEqual(namesOf(declared.cause), { name: 'TypeError', message: 'the cause' });

      const cause = await withClient(kind, (client) => Effect.flip(Effect.sandbox(client.Throw())));
      const thrown = Cause.squash(cause) as Error & { code?: unknown };
      assert.deepEqual(namesOf(thrown), { name: 'RangeError', message: 'thrown' });
      assert.deepEqual(namesOf(thrown.cause), { name: 'TypeError', message: 'the cause' });
      assert.ok(!(thrown instanceof RangeError));
      assert.equal(thrown.code, undefined);
    });

    test('carries a Map with bytes and dates', async () => {
      const value = new Map<string, unknown>([
        ['bytes', new Uint8Array([1, 2])],
        ['date', new Date(0)],
      ]);
      assert.deepEqual(await withClient(kind, (client) => client.Echo({ value })), value);
    });

    test('leaves its worker running when a call is interrupted', async () => {
      const [before, after] = await withClient(kind, (client) =>
        Effect.gen(function* () {
          const pid = yield* client.Pid();
          const call = yield* Effect.forkScoped(client.Wait());
          yield* client.Pid();
          yield* Fiber.interrupt(call);
          return [pid, yield* client.Pid()];
        }),
      );
      assert.equal(after, before);
    });

    test('keeps its host alive while the worker is idle', async (t) => {
      const { child } = await startHost(t, 'idle');
      await Promise.race([once(child, 'exit'), sleep(SOON)]);
      assert.equal(child.exitCode, null);
    });

    test(`${kind === 'thread' ? 'ends' : 'leaves'} a worker that computes when its host is killed`, async (t) => {
      const { child, worker } = await startHost(t, 'computing');
      child.kill('SIGKILL');
      await once(child, 'exit');
      if (kind === 'thread') {
        assert.equal(worker, child.pid);
        return gone(worker);
      }
      await sleep(SOON);
      assert.ok(!isGone(worker));
    });
  });

  /** Starts a host of its own, and waits until its worker idles or computes. */
  async function startHost(t: TestContext, state: 'idle' | 'computing') {
    const child = spawn(process.execPath, [host, kind, state], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => child.kill('SIGKILL'));
    const [line] = await once(createInterface(child.stdout), 'line');
    const worker = Number(line);
    t.after(() => endProcess(worker));
    return { child, worker };
  }
}

test('NodeWorker with a process whose fork serializes as JSON, the default of Node, makes {} of a Map', async () => {
  const value = new Map([['date', new Date(0)]]);
  assert.deepEqual(await withClient('processWithJson', (client) => client.Echo({ value })), {});
});

function namesOf(error: unknown): object {
  assert.ok(error instanceof Error);
  return { name: error.name, message: error.message };
}
