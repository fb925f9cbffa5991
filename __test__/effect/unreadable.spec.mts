// Messages that arrive and cannot be read: what `node:worker_threads` calls a `messageerror`.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Worker as Thread } from 'node:worker_threads';

import * as NodeWorker from '@effect/platform-node/NodeWorker';
import * as Effect from 'effect/Effect';
import * as Fiber from 'effect/Fiber';
import type * as Layer from 'effect/Layer';
import type * as Worker from 'effect/workers/Worker';
import type { WorkerError } from 'effect/workers/WorkerError';
import type { WorkerError as LibraryError } from 'isolated-workers';
import { layer } from 'isolated-workers/effect';

import { childProcess, thread } from '../fixtures/effect/drivers.mjs';
import { launch, notebook, script } from '../fixtures/effect/launch.mjs';
import { nest } from '../fixtures/effect/nest.mjs';
import { HOST_CANNOT, picky, SERVE, WORKER_CANNOT } from '../fixtures/effect/picky.mjs';
import { NODE_RUNNER } from '../fixtures/effect/surroundings.mjs';

/** A thread's stack of 4 MiB copies it, and the main thread's of 1 MiB cannot read it. */
const TOO_DEEP_FOR_HOST = 8000;
/** The main thread copies it, and a thread with a third of that stack cannot read it. */
const TOO_DEEP_FOR_WORKER = 1800;
const resourceLimits = { stackSizeMb: 0.3 };

type Platform = Layer.Layer<Worker.WorkerPlatform | Worker.Spawner>;

/** What `run` fails with when the worker has got this message. */
const failureAfter = (platform: Platform, message: unknown): Promise<WorkerError> =>
  Effect.gen(function* () {
    const { send, fiber } = yield* launch();
    yield* send(message as never);
    return yield* Effect.flip(Fiber.join(fiber));
  }).pipe(Effect.scoped, Effect.provide(platform), Effect.runPromise);

const threads: [name: string, platform: (options?: object) => Platform][] = [
  ['NodeWorker', (options) => NodeWorker.layer(() => new Thread(script, { argv: [NODE_RUNNER], ...options }))],
  ['thread', (driverOptions) => layer(() => ({ script, ...thread, ...(driverOptions && { driverOptions }) }))],
];

describe('A message that cannot be read', () => {
  for (const [name, platform] of threads) {
    test(`fails the host that gets it with a WorkerReceiveError (${name})`, async () => {
      const { reason } = await failureAfter(platform(), ['deep', TOO_DEEP_FOR_HOST]);
      assert.equal(reason._tag, 'WorkerReceiveError');
      const cause = reason.cause as Error;
      assert.match(String(name === 'thread' ? cause.cause : cause), /RangeError: Maximum call stack size exceeded/);
      if (name === 'thread') assert.equal((cause as LibraryError).code, 'ERR_MALFORMED_MESSAGE');
    });

    test(`ends the run of the worker that gets it, and so the worker (${name})`, async () => {
      const { reason } = await failureAfter(platform({ resourceLimits }), ['echo', nest(TOO_DEEP_FOR_WORKER)]);
      assert.equal(reason._tag, 'WorkerReceiveError');
      assert.match(reason.message ?? '', /exited with code:? 0/);
    });
  }

  test('fails the run of the worker that gets it with a WorkerReceiveError', async (t) => {
    const notes = notebook(t);
    const startupData = { file: notes.file };
    const platform = layer(() => ({ script, ...thread, startupData, driverOptions: { resourceLimits } }));
    await failureAfter(platform, ['echo', nest(TOO_DEEP_FOR_WORKER)]);
    assert.match(
      notes.lines().join('\n'),
      /^WorkerReceiveError: A message from the host is lost: .*Maximum call stack/m,
    );
  });

  describe('by the serializer of a process', () => {
    const platformOf = (file: string) =>
      layer(() => ({
        ...childProcess,
        script: new URL('../fixtures/effect/picky.mjs', import.meta.url),
        driverOptions: { argv: [SERVE, file] },
        serializer: picky(HOST_CANNOT),
      }));

    test('fails the host', async (t) => {
      const { reason } = await failureAfter(platformOf(notebook(t).file), ['not for ', 'the host']);
      assert.equal(reason._tag, 'WorkerReceiveError');
      assert.match(
        reason.message ?? '',
        /A message from the worker is lost: "picky" cannot decode.*cannot read not for the host/,
      );
      assert.equal((reason.cause as LibraryError).code, 'ERR_MALFORMED_MESSAGE');
    });

    test('fails the worker', async (t) => {
      const notes = notebook(t);
      const { reason } = await failureAfter(platformOf(notes.file), [WORKER_CANNOT, '']);
      assert.equal(reason._tag, 'WorkerReceiveError');
      assert.match(
        notes.lines().join('\n'),
        /^WorkerReceiveError: A message from the host is lost: "picky" cannot decode/m,
      );
    });
  });
});
