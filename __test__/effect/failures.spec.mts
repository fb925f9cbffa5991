// Failures as Effect's typed errors: a start, a send, a lost worker, and a runner.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Worker as NodeWorker } from 'node:worker_threads';

import * as Effect from 'effect/Effect';
import * as Fiber from 'effect/Fiber';
import * as Worker from 'effect/workers/Worker';
import { isWorkerError, type WorkerError } from 'effect/workers/WorkerError';
import * as WorkerRunner from 'effect/workers/WorkerRunner';
import { createWorker, WorkerCrashedError, type WorkerErrorCode } from 'isolated-workers';
import { layer, layerPlatformWith, type Spawned } from 'isolated-workers/effect';
import { layer as runnerLayer } from 'isolated-workers/effect/runner';

import { drivers, isIsolate, isolating, childProcess } from '../fixtures/effect/drivers.mjs';
import { launch, notebook, run, runWith, script } from '../fixtures/effect/launch.mjs';

const odd = (name: string) => new URL(`../fixtures/effect/odd/${name}.mjs`, import.meta.url);

/** What running the worker that `spawn` gives fails with. */
function failureOf(spawn: () => Spawned): Promise<WorkerError> {
  const running = Effect.gen(function* () {
    const platform = yield* Worker.WorkerPlatform;
    const worker = yield* platform.spawn(0);
    yield* worker.run(() => Effect.void);
  });
  return runWith(
    spawn,
    Effect.flip(running) as Effect.Effect<WorkerError, never, Worker.WorkerPlatform | Worker.Spawner>,
  );
}

function assertReason(error: unknown, tag: string, code?: WorkerErrorCode): asserts error is WorkerError {
  assert.ok(isWorkerError(error), String(error));
  assert.equal(error.reason._tag, tag);
  assert.equal(error.message, error.reason.message);
  if (code !== undefined) assert.equal((error.reason.cause as NodeJS.ErrnoException).code, code);
}

describe('A WorkerSpawnError', () => {
  for (const [name, options] of drivers) {
    const asGiven = name === 'custom driver' && 'such a driver gets the script as it was given';
    test(`reports a missing script (${name})`, { skip: asGiven }, async () => {
      const error = await failureOf(() => ({ ...options, script: './no-such-script.mjs' }));
      assertReason(error, 'WorkerSpawnError', 'ERR_SCRIPT_NOT_FOUND');
      assert.match(error.message, /no-such-script\.mjs/);
    });

    test(`reports a script that threw before it served (${name})`, async () => {
      const stdio = name === 'process' ? ({ stdio: 'pipe' } as const) : {};
      const error = await failureOf(() => ({ ...options, ...stdio, script: odd('throws') }));
      assertReason(error, 'WorkerSpawnError', 'ERR_WORKER_CRASHED');
      assert.match(error.message, /ended before it was ready/);
    });

    const endless = name === 'in-process' && 'nothing ends such a script';
    test(`reports a worker that was not ready in time (${name})`, { skip: endless }, async () => {
      const error = await failureOf(() => ({ ...options, script: odd('waits'), timeout: { startup: 300 } }));
      assertReason(error, 'WorkerSpawnError', 'ERR_START_TIMEOUT');
    });
  }

  test('reports a worker without a runner', async () => {
    const error = await failureOf(() => ({ ...childProcess, script: odd('plain') }));
    assertReason(error, 'WorkerSpawnError', 'ERR_UNKNOWN_MESSAGE_TYPE');
  });

  test('reports a worker that ended before a port could open', async () => {
    const error = await failureOf(() => ({ ...childProcess, script: odd('refuses') }));
    assertReason(error, 'WorkerSpawnError', 'ERR_WORKER_CRASHED');
    assert.match(error.message, /code 4/);
  });

  test('has the error of the spawner as its cause', async () => {
    const cause = new Error('nothing to spawn');
    const error = await failureOf(() => {
      throw cause;
    });
    assertReason(error, 'WorkerSpawnError');
    assert.equal(error.reason.cause, cause);
    assert.match(error.message, /nothing to spawn/);
  });

  test('has the rejection of the spawner as its cause', async () => {
    const cause = new Error('no place left');
    const error = await failureOf(() => Promise.reject(cause));
    assertReason(error, 'WorkerSpawnError');
    assert.equal(error.reason.cause, cause);
  });

  test('lists the values that a spawner may return', async (t) => {
    const thread = new NodeWorker('setInterval(() => {}, 1000)', { eval: true });
    t.after(() => thread.terminate());
    for (const value of [undefined, 5, null, thread]) {
      const error = await failureOf(() => value as unknown as Spawned);
      assertReason(error, 'WorkerSpawnError', 'ERR_INVALID_OPTION');
      assert.match(error.message, /Give the options of createWorker/);
    }
  });

  test('names an option that createWorker does not know, and a reserved handler name', async () => {
    const unknown = await failureOf(() => ({ script, timeuot: 5 }) as Spawned);
    assertReason(unknown, 'WorkerSpawnError', 'ERR_INVALID_OPTION');
    assert.match(unknown.message, /timeuot.*timeout/);
    const taken = await failureOf(() => ({ script, handlers: { effect: () => {} } }));
    assertReason(taken, 'WorkerSpawnError', 'ERR_INVALID_OPTION');
    assert.match(taken.message, /"effect"/);
  });

  test('reports that the spawner returned a closed worker', async () => {
    const client = await createWorker({ script, ...childProcess });
    await client.close();
    assertReason(await failureOf(() => client), 'WorkerSpawnError', 'ERR_WORKER_CLOSED');
  });
});

describe('A WorkerReceiveError', () => {
  for (const [name, options] of isolating) {
    test(`reports that the worker has exited (${name})`, async () => {
      const error = await run(
        options,
        Effect.gen(function* () {
          const { send, fiber } = yield* launch();
          yield* send(['exit', 3]);
          return yield* Effect.flip(Fiber.join(fiber));
        }),
      );
      assertReason(error, 'WorkerReceiveError', 'ERR_WORKER_CRASHED');
      assert.ok(error.reason.cause instanceof WorkerCrashedError);
      assert.match(error.message, isIsolate(name) ? /limits\.cpuMsPerMessage is 1000/ : /code 3/);
    });
  }

  test('has the crash as its cause, with the uncaught error', async () => {
    const error = await run(
      { ...childProcess, stdio: 'pipe' },
      Effect.gen(function* () {
        const { send, fiber } = yield* launch();
        yield* send(['crash']);
        return yield* Effect.flip(Fiber.join(fiber));
      }),
    );
    assertReason(error, 'WorkerReceiveError', 'ERR_WORKER_CRASHED');
    const { cause } = error.reason.cause as WorkerCrashedError;
    assert.ok(cause instanceof TypeError);
    assert.equal((cause as NodeJS.ErrnoException).code, 'E_TEST');
  });

  test('reports that other code has closed the worker', async () => {
    const client = await createWorker({ script, ...childProcess });
    const error = await runWith(
      () => client,
      Effect.gen(function* () {
        const { ask, fiber } = yield* launch();
        assert.equal(yield* ask(['double', 2]), 4);
        yield* Effect.promise(() => client.kill());
        return yield* Effect.flip(Fiber.join(fiber));
      }),
    );
    assertReason(error, 'WorkerReceiveError');
    assert.match(error.message, /was closed/);
  });

  for (const [name, options] of isolating.slice(0, 2)) {
    test(`reports that the worker sent an invalid frame (${name})`, async () => {
      const error = await runWith(
        () => ({ ...options, script: odd('babbles') }),
        Effect.gen(function* () {
          const { send, fiber } = yield* launch();
          yield* send(['anything']);
          return yield* Effect.flip(Fiber.join(fiber));
        }),
      );
      assertReason(error, 'WorkerReceiveError');
    });
  }

  test('fails the runner whose host sends an invalid frame', async (t) => {
    const notes = notebook(t);
    const worker = await createWorker({ script, ...childProcess, startupData: { file: notes.file } });
    const exited = new Promise((resolve) => worker.ref().once('exit', resolve));
    worker.post('effect', 'no frame');
    await exited;
    assert.match(notes.lines().join('\n'), /^WorkerReceiveError: The host sent a message that is none of Effect's/m);
  });
});

test('A WorkerUnknownError reports a worker that lives and is disconnected', async () => {
  const client = await createWorker({ script, ...childProcess });
  const error = await runWith(
    () => client,
    Effect.gen(function* () {
      const { ask, fiber } = yield* launch();
      yield* ask(['double', 2]);
      yield* Effect.promise(() => client.disconnect());
      return yield* Effect.flip(Fiber.join(fiber));
    }),
  );
  assertReason(error, 'WorkerUnknownError');
  assert.equal(client.isActive, false);
});

test("run fails with the error of the host's handler", async () => {
  const error = await runWith(
    () => ({ ...childProcess, script }),
    Effect.gen(function* () {
      const platform = yield* Worker.WorkerPlatform;
      const worker = yield* platform.spawn(0);
      yield* worker.send(['double', 1]);
      return yield* Effect.flip(worker.run((output) => Effect.fail(`no use for ${output}`)));
    }),
  );
  assert.equal(error, 'no use for 2');
});

test('The worker logs a defect of its handler, and lives on', async () => {
  const lines: string[] = [];
  const after = await run(
    { ...childProcess, onOutput: (line) => void lines.push(line) },
    Effect.gen(function* () {
      const { send, ask } = yield* launch();
      for (const command of ['die', 'throw', 'unclonable']) yield* send([command]);
      return yield* ask(['double', 2]);
    }),
  );
  assert.equal(after, 4);
  const output = lines.join('\n');
  assert.equal(output.match(/unhandled error in worker/g)?.length, 3, output);
  assert.match(output, /a defect/);
  assert.match(output, /no effect at all/);
  assert.match(output, /ERR_NOT_SERIALIZABLE|cannot be serialised/);
});

test('A runner refuses to start outside of a worker', async () => {
  const start = Effect.gen(function* () {
    const platform = yield* WorkerRunner.WorkerRunnerPlatform;
    return yield* platform.start();
  });
  const error = await Effect.runPromise(start.pipe(Effect.provide(runnerLayer), Effect.flip));
  assertReason(error, 'WorkerSpawnError', 'ERR_NOT_A_WORKER');
});

test('The platform refuses unknown options and invalid durations', () => {
  const bad: unknown[] = [
    { closeTimeuot: 5 },
    { closeTimeout: -1 },
    { closeTimeout: '5' },
    { closeTimeout: Number.NaN },
  ];
  for (const options of bad) {
    assert.throws(() => layerPlatformWith(options as object), { code: 'ERR_INVALID_OPTION' });
    assert.throws(() => layer(() => ({ script }), options as object), { code: 'ERR_INVALID_OPTION' });
  }
});
