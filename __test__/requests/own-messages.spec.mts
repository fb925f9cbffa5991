// The messages that the library sends on its own account: a program meets none of them.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';

import { createWorker, type DriverMessage, InProcessDriver, WorkerThreadsDriver } from 'isolated-workers';

import { MemoryChannel, memoryDriver } from '../fixtures/drivers/custom/memory-driver.mjs';
import { failure, fixture, type Loose } from '../fixtures/support.mjs';

const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
const names = ['isolated-workers:ended', 'isolated-workers:kept-result', 'isolated-workers:taken-over'];

for (const [where, driver] of [
  ['a process', undefined],
  ['a thread', WorkerThreadsDriver],
  ['its own thread', InProcessDriver],
] as const) {
  describe(`With a worker in ${where}`, () => {
    test('messages may have the names that the library once used for its own', async (t) => {
      const told: [string, unknown][] = [];
      const handlers = Object.fromEntries(
        names.map((name) => [name, (payload: unknown) => void told.push([name, payload])]),
      );
      const worker = await createWorker<Loose, any>({
        script: fixture('odd-names-of-messages.mjs'),
        driver,
        handlers,
      } as never);
      t.after(() => worker.close());
      assert.deepEqual(await Promise.all(names.map((name) => worker.send(name, 'given'))), [
        { ended: 'given' },
        { kept: 'given' },
        { taken: 'given' },
      ]);
      for (const name of names) {
        await worker.send('tell', name);
        await worker.send('ask', name);
      }
      assert.deepEqual(
        told,
        names.flatMap((name) => [
          [name, 'told'],
          [name, 'asked'],
        ]),
      );
    });

    test('a notification of such a name without a handler is an event like any other', async (t) => {
      const worker = await createWorker<Loose, any>({
        script: fixture('odd-names-of-messages.mjs'),
        driver,
      } as never);
      t.after(() => worker.close());
      const told: unknown[] = [];
      worker.on('notification', ({ type, payload }: any) => void told.push([type, payload]));
      worker.on('keptResult', () => assert.fail('it is no kept result'));
      for (const name of names) await worker.send('tell', name);
      await worker.send('seen');
      assert.deepEqual(
        told,
        names.map((name) => [name, 'told']),
      );
    });

    test('middleware sees nothing of the question whether a cancelled handler has ended', async (t) => {
      const seen: string[] = [];
      const worker = await createWorker<Loose, any>({
        script: fixture('odd-names-of-messages.mjs'),
        driver,
        middleware: (message: { type: string }) => void seen.push(message.type),
      } as never);
      t.after(() => worker.close());
      const escalate = { killAfter: 60_000 };
      const late = failure(worker.send('heeds', undefined, { timeout: 20, escalate }));
      assert.equal((await late).code, 'ERR_MESSAGE_TIMEOUT');
      // The answer to the question arrives before that of a later request.
      assert.deepEqual(await worker.send('seen'), ['heeds', 'seen']);
      assert.deepEqual(seen, ['heeds', 'seen', 'seenResult']);
    });
  });
}

describe('A worker process', () => {
  const script = fixture('faults/never-answers.mjs');
  const start = (extensions: string[]) =>
    createWorker<Loose>({ script, serializer: 'json', argv: extensions, logLevel: 'error' } as never);

  test('that cannot say when a handler has ended is ended when the time has passed', async (t) => {
    const worker = await start(['cancel']);
    t.after(() => worker.kill());
    worker.ref();
    const exit = once(worker as never, 'exit');
    await worker.send('echo', 1);
    const late = failure(worker.send('wait', 1, { timeout: 10, escalate: { killAfter: 100 } }));
    assert.equal((await late).code, 'ERR_MESSAGE_TIMEOUT');
    assert.equal((await exit)[0].reason.signal, 'SIGKILL');
  });

  test('that cannot say so ends no later than the program asks, and leaves no timer behind', async () => {
    const worker = await start(['cancel']);
    await worker.send('echo', 1);
    const escalate = { killAfter: 600_000 };
    await failure(worker.send('wait', 1, { timeout: 10, escalate }));
    const before = timers();
    await worker.close();
    assert.ok(timers() < before, 'the escalation goes on without the worker');
  });
});

/** A worker that takes a request named `wait`, and says when it has ended by hand. */
class Waiting extends MemoryChannel {
  constructor(private readonly extensions: readonly string[]) {
    super();
  }

  override answer(message: DriverMessage): void {
    if (message.kind === 'hello') {
      this.deliver({ type: '', kind: 'hello', payload: { protocol: 1, extensions: this.extensions } });
    } else if (message.kind === 'close' || message.type === 'echo') super.answer(message);
  }

  find(kind: string): DriverMessage | undefined {
    return this.sent.find((message) => message.kind === kind);
  }
}

describe('Over a custom driver', () => {
  const start = (channel: Waiting) =>
    createWorker<Loose, any>({ script: fixture('echo.mjs'), driver: memoryDriver(channel) } as never);

  test('the question is a message of its own kind, and its answer stops the escalation', async () => {
    const channel = new Waiting(['cancel', 'ended']);
    const worker = await start(channel);
    await failure(worker.send('wait', 1, { timeout: 10, escalate: { killAfter: 600_000 } }));
    const { tx } = channel.sent.find(({ type }) => type === 'wait') as DriverMessage;
    const question = channel.find('ended') as DriverMessage;
    assert.deepEqual(question, { type: '', kind: 'ended', tx: question.tx, payload: tx });
    assert.notEqual(question.tx, tx);
    const others = channel.sent.indexOf(channel.find('cancel') as DriverMessage);
    assert.ok(others >= 0 && others < channel.sent.indexOf(question), 'the cancellation comes first');
    const before = timers();
    channel.answerTo(question, undefined);
    assert.equal(await worker.send('echo', 2), 2);
    assert.ok(timers() < before, 'the escalation goes on');
    await worker.close();
  });

  test('a worker that does not know the question is not asked, and is ended when the time has passed', async () => {
    const channel = new Waiting(['cancel']);
    const worker = await start(channel);
    worker.ref();
    const exit = once(worker as never, 'exit');
    await failure(worker.send('wait', 1, { timeout: 10, escalate: { killAfter: 50 } }));
    await exit;
    assert.equal(channel.find('ended'), undefined);
    assert.ok(channel.calls.includes('terminate SIGKILL'), String(channel.calls));
  });
});
