// The library quotes, cuts and limits texts of a peer, and marks them as remote, before a log, a terminal or code
// reads them.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';

import { createWorker, defaultLogger, WorkerCrashedError, WorkerError } from 'isolated-workers';

import { failure, fixture, type Loose, RecordingLogger } from '../fixtures/faults/support.mjs';

// What could move a cursor, name a window, end a line or turn text around.
const DANGEROUS = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

async function start(t: TestContext, options: object = {}): Promise<{ worker: any; logger: RecordingLogger }> {
  const logger = new RecordingLogger();
  const worker = await createWorker<Loose>({
    script: fixture('talkative'),
    serializer: 'json',
    logger,
    ...options,
  } as never);
  t.after(() => worker.close());
  return { worker, logger };
}

describe('A text of the peer', () => {
  for (const type of ['notifications', 'garbage', 'kept', 'long']) {
    test(`reaches the log without control characters, and with limited length (${type})`, async (t) => {
      const { worker, logger } = await start(t);
      await worker.send(type, 1);
      assert.equal(logger.warnings.length, 1);
      for (const line of logger.warnings) {
        assert.doesNotMatch(line, DANGEROUS);
        assert.ok(line.length < 1500, line);
      }
    });
  }

  test('is logged once a second for each kind, then as a count', async (t) => {
    const { worker, logger } = await start(t);
    const started = performance.now();
    const most = () => Math.ceil((performance.now() - started) / 1000);
    await worker.send('notifications', 5000);
    assert.ok(logger.warnings.length <= most(), `${logger.warnings.length} lines`);
    await logger.until((count) => count === 5000);
    assert.ok(logger.warnings.length <= most() + 1, `${logger.warnings.length} lines`);
    assert.match(logger.warnings.at(-1) as string, /\d+ more of this kind/);
  });

  test('does not hide a text of another kind', async (t) => {
    const { worker, logger } = await start(t);
    await worker.send('notifications', 100);
    await worker.send('garbage', 100);
    await worker.send('kept', 100);
    assert.equal(logger.warnings.length, 3);
  });

  test('stands in quotes in the errors that name it', async (t) => {
    const { worker } = await start(t);
    const error = await failure(worker.send('wrongType', 1));
    assert.equal(error.code, 'ERR_MALFORMED_MESSAGE');
    assert.doesNotMatch(error.message, DANGEROUS);
    const mismatch = await failure(createWorker({ script: fixture('talkative'), argv: ['mismatch'], stdio: 'ignore' }));
    assert.equal(mismatch.code, 'ERR_SERIALIZER_MISMATCH');
    assert.doesNotMatch(mismatch.message, DANGEROUS);
  });

  test('cannot end a line of the default logger, in a text or in an error', (t) => {
    const lines: string[] = [];
    t.mock.method(console, 'error', (...parts: unknown[]) => void lines.push(parts.map(String).join(' ')));
    defaultLogger.warn(
      'told',
      new Error('first\n[isolated-workers] forged\u001b[2J'),
      'text\n[isolated-workers] forged',
    );
    assert.equal(lines.length, 1);
    for (const line of (lines[0] as string).split('\n')) {
      assert.doesNotMatch(line, DANGEROUS);
      assert.doesNotMatch(line, /^\[isolated-workers\]/);
    }
  });
});

describe('An error that a peer forges with a code of this library', () => {
  test('is marked as remote, whatever its properties say', async (t) => {
    const { worker } = await start(t);
    const error = await failure(worker.send('error', 1));
    assert.ok(error instanceof WorkerError);
    assert.equal(error.code, 'ERR_WORKER_CRASHED');
    assert.ok(!(error instanceof WorkerCrashedError));
    assert.equal(error.isRemote, true);
    assert.throws(() => Object.defineProperty(error, 'isRemote', { value: false }));
  });

  test('causes no retry', async (t) => {
    const { worker } = await start(t, { unexpectedShutdown: { strategy: 'retry', attempts: 5 } });
    assert.match((await failure(worker.send('error', 1))).message, /^forged \(worker /);
  });
});

test('A worker that is not detached cannot send kept results to its host', async (t) => {
  const { worker, logger } = await start(t);
  await worker.send('kept', 1000);
  worker.on('keptResult', () => assert.fail('it was told'));
  assert.equal(await worker.send('notifications', 0), 'sent');
  assert.match(logger.warnings[0] as string, /only a detached worker/);
});

test('A request that asks twice whether another has ended gets two answers', async (t) => {
  const logger = new RecordingLogger();
  let release!: () => void;
  const held = new Promise<void>((resolve) => (release = resolve));
  const handlers = { hold: () => held, note: () => release() };
  const worker: any = await createWorker<Loose>({
    script: fixture('asks-when-ended'),
    serializer: 'json',
    logger,
    handlers,
  } as never);
  t.after(() => worker.close());
  assert.equal(await worker.send('count', 200), 400);
});
