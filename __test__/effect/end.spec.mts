// How Effect workers end: finalisers, time limits, ports, and hosts that leave.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';

import * as Deferred from 'effect/Deferred';
import * as Effect from 'effect/Effect';
import * as Fiber from 'effect/Fiber';
import * as Worker from 'effect/workers/Worker';
import { attachWorker, createWorker, InProcessDriver, type WorkerClient } from 'isolated-workers';
import type { Spawned } from 'isolated-workers/effect';

import { childProcess, drivers, isIsolate, isolating, thread } from '../fixtures/effect/drivers.mjs';
import { launch, notebook, runWith, script } from '../fixtures/effect/launch.mjs';
import { gone } from '../fixtures/processes.mjs';
import { inTestAll } from '../fixtures/rounds.mjs';

const ends = [
  'interrupted',
  'run has returned',
  'the scope is closed',
  'the resource is released',
  'the program is over',
];
/** When a port's end is noted, depends on what else runs. */
const withoutPorts = (lines: string[]) => lines.filter((line) => !line.startsWith('port'));

describe('At the end of its scope', () => {
  for (const [name, options] of drivers) {
    test(`a worker has interrupted its fibers and run all finalisers (${name})`, async (t) => {
      const notes = notebook(t);
      await runWith(
        () => ({ ...options, script, startupData: { file: notes.file } }),
        Effect.gen(function* () {
          const { ask } = yield* launch();
          assert.equal(yield* ask(['hang']), 'hanging');
        }),
        // It has all the time that it needs.
        { closeTimeout: 0 },
      );
      assert.deepEqual(withoutPorts(notes.lines()), ends);
    });
  }

  for (const [name, options] of isolating) {
    test(`a host does not wait for the timers of a worker (${name})`, async (t) => {
      const notes = notebook(t);
      await runWith(
        () => ({ ...options, script, startupData: { file: notes.file, lingers: true } }),
        Effect.gen(function* () {
          const { ask } = yield* launch();
          yield* ask(['double', 1]);
        }),
        { closeTimeout: 0 },
      );
      assert.equal(notes.lines().at(-1), 'the program is over');
    });

    test(`a worker whose program waits for nothing ends (${name})`, async (t) => {
      const notes = notebook(t);
      await runWith(
        () => ({ ...options, script, startupData: { file: notes.file, stays: true } }),
        Effect.gen(function* () {
          const { ask } = yield* launch();
          assert.equal(yield* ask(['hang']), 'hanging');
        }),
        { closeTimeout: 0 },
      );
      assert.deepEqual(withoutPorts(notes.lines()), ['interrupted', 'run has returned']);
    });

    test(`the host kills a worker that does not end in time (${name})`, async (t) => {
      const notes = notebook(t);
      const pid = await runWith(
        () => ({ ...options, script, startupData: { file: notes.file, stays: true, lingers: true } }),
        Effect.gen(function* () {
          const { ask } = yield* launch();
          return (yield* ask(['pid'])) as number;
        }),
        { closeTimeout: 200 },
      );
      assert.deepEqual(withoutPorts(notes.lines()), ['run has returned']);
      if (options !== thread && !isIsolate(name)) await gone(pid);
    });
  }
});

test('Without closeTimeout, the host kills such a worker after five seconds', { skip: inTestAll }, async (t) => {
  const notes = notebook(t);
  let closing = 0;
  const pid = await runWith(
    () => ({ ...childProcess, script, startupData: { file: notes.file, stays: true, lingers: true } }),
    Effect.gen(function* () {
      const { ask } = yield* launch();
      const id = (yield* ask(['pid'])) as number;
      closing = performance.now();
      return id;
    }),
  );
  const millis = performance.now() - closing;
  // A loaded machine makes it later, and nothing makes it earlier.
  assert.ok(millis >= 4990 && millis < 15_000, `it took ${millis} ms`);
  await gone(pid);
});

for (const [name, options] of isolating) {
  test(`A host loses a worker whose program ends by itself, after its finalisers (${name})`, async (t) => {
    const notes = notebook(t);
    const error = await runWith(
      () => ({ ...options, script, startupData: { file: notes.file } }),
      Effect.gen(function* () {
        const { send, fiber } = yield* launch();
        yield* send(['leave']);
        return yield* Effect.flip(Fiber.join(fiber));
      }),
    );
    assert.equal(error.reason._tag, 'WorkerReceiveError');
    assert.deepEqual(notes.lines(), ['the scope is closed', 'the resource is released', 'the program is over']);
  });
}

describe('An interruption during the start', () => {
  test('ends the process that is being started', async () => {
    let pid = 0;
    await runWith(
      () => Promise.reject(new Error('not used')),
      Effect.gen(function* () {
        const started = yield* Deferred.make<number>();
        const onOutput = (line: string) => void Deferred.doneUnsafe(started, Effect.succeed(Number(line)));
        const platform = yield* Worker.WorkerPlatform;
        const spawn = () => ({ script: new URL('../fixtures/effect/odd/waits.mjs', import.meta.url), onOutput });
        const worker = yield* Effect.provideService(platform.spawn(0), Worker.Spawner, spawn);
        const fiber = yield* Effect.forkChild(worker.run(() => Effect.void));
        pid = yield* Deferred.await(started);
        yield* Fiber.interrupt(fiber);
      }),
      { closeTimeout: 100 },
    );
    await gone(pid);
  });

  test('waits for a spawner only as long as a worker may take to end', async () => {
    const asked = Effect.runSync(Deferred.make<void>());
    const spawn = () => {
      Deferred.doneUnsafe(asked, Effect.void);
      return new Promise<never>(() => {});
    };
    const interrupted = Effect.gen(function* () {
      const { fiber } = yield* launch();
      yield* Deferred.await(asked);
      yield* Fiber.interrupt(fiber);
    });
    await runWith(spawn, interrupted, { closeTimeout: 50 });
  });

  test('closes a worker that a spawner gives too late', async () => {
    const client = await createWorker({ script, ...childProcess });
    const exit = new Promise((resolve) => client.ref().once('exit', resolve));
    let give: ((worker: WorkerClient) => void) | undefined;
    const spawn = () => new Promise<WorkerClient>((resolve) => (give = resolve));
    const interrupted = Effect.gen(function* () {
      const { fiber } = yield* launch();
      yield* Effect.yieldNow;
      yield* Fiber.interrupt(fiber);
    });
    await runWith(spawn, interrupted, { closeTimeout: 50 });
    assert.equal(client.isActive, true);
    assert.ok(give);
    give(client);
    await exit;
  });
});

describe('A spawner', () => {
  /** What the worker of `spawn` answers. */
  const answerOf = (spawn: () => Spawned) =>
    runWith(
      spawn,
      Effect.gen(function* () {
        const { ask } = yield* launch();
        return (yield* ask(['double', 4])) as number;
      }),
    );

  test('may return a worker, or a promise of one, which ends with its scope', async () => {
    const client = await createWorker({ script, ...childProcess });
    assert.equal(await answerOf(() => client), 8);
    assert.equal(client.isActive, false);

    let later: WorkerClient | undefined;
    const spawn = async () => (later = await createWorker({ script, ...childProcess }));
    assert.equal(await answerOf(spawn), 8);
    assert.equal(later?.isActive, false);
  });

  test('may return a promise of options', async () => {
    assert.equal(await answerOf(async () => ({ script, ...thread })), 8);
  });

  test('may return a custom driver class, or its instance', async () => {
    class Quiet extends InProcessDriver {}
    assert.equal(await answerOf(() => ({ script, driver: Quiet })), 8);
    assert.equal(await answerOf(() => ({ script, driver: new Quiet() })), 8);
  });

  test('may add handlers of the host', async () => {
    const handlers = { greet: (name: string) => `Hello, ${name}!` };
    assert.equal(await answerOf(() => ({ script, ...thread, handlers })), 8);
  });
});

test('One worker for several ids has a port for each, and ends with the last', async (t) => {
  const notes = notebook(t);
  const client = await createWorker({
    script,
    ...childProcess,
    serializer: 'structured',
    startupData: { file: notes.file },
  });
  const found = await runWith(
    () => client,
    Effect.gen(function* () {
      const second = yield* launch(1);
      const portIds = yield* Effect.scoped(
        Effect.gen(function* () {
          const first = yield* launch(0);
          const ids = [yield* second.ask(['portId']), yield* first.ask(['portId'])];
          assert.equal(yield* first.ask(['hang']), 'hanging');
          return ids;
        }),
      );
      // What is sent to the worker now comes behind the end of the port.
      const answers = [yield* second.ask(['double', 1]), yield* second.ask(['double', 2])];
      assert.equal(client.isActive, true);
      const interrupted = Effect.suspend(() => Effect.succeed(notes.lines().includes('interrupted')));
      yield* Effect.repeat(Effect.delay(interrupted, 10), { until: (isThere) => isThere });
      assert.ok(notes.lines().includes('port 1 is gone'), notes.lines().join());
      assert.ok(!notes.lines().includes('run has returned'));
      return { portIds, answers };
    }),
  );
  assert.deepEqual(found, { portIds: [0, 1], answers: [2, 4] });
  assert.equal(client.isActive, false);
  assert.deepEqual(withoutPorts(notes.lines()), ends);
});

test('A detached worker has a port for each host, and learns that the host before has left', async (t) => {
  const notes = notebook(t);
  const portOf = Effect.gen(function* () {
    const { ask } = yield* launch();
    return (yield* ask(['portId'])) as number;
  });
  const first = await createWorker({ script, ...childProcess, detached: true, startupData: { file: notes.file } });
  t.after(() => first.kill());
  const error = await runWith(
    () => first,
    Effect.gen(function* () {
      const { ask, fiber } = yield* launch();
      assert.equal(yield* ask(['portId']), 0);
      yield* Effect.promise(() => first.disconnect());
      return yield* Effect.flip(Fiber.join(fiber));
    }),
  );
  assert.equal(error.reason._tag, 'WorkerUnknownError');

  const second = await attachWorker({ socketPath: first.socketPath as string, logLevel: 'silent' });
  assert.equal(await runWith(() => second, portOf), 1);
  await gone(first.pid as number);
  assert.ok(notes.lines().includes('port 0 is gone'), notes.lines().join());
  assert.equal(notes.lines().at(-1), 'the program is over');
});

test('A host lives while a worker runs, and ends with its program', async () => {
  const { spawn } = await import('node:child_process');
  const host = new URL('../fixtures/effect/host.mjs', import.meta.url);
  const child = spawn(process.execPath, [host.pathname], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  const [code] = await once(child, 'close');
  assert.deepEqual([code, JSON.parse(output)], [0, { doubled: 42, left: 0, there: 3 }]);
});
