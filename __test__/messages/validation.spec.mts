// Messages whose definitions have validators.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';

import {
  ChildProcessDriver,
  createWorker,
  InProcessDriver,
  WorkerThreadsDriver,
  type Driver,
  type WorkerClient,
} from 'isolated-workers';

import { hostMessages, libraries, slowly } from '../fixtures/checked/messages.mjs';
import { failure, fixture as script, type Loose, RecordingLogger } from '../fixtures/drivers/support.mjs';
import { inTestAll } from '../fixtures/rounds.mjs';

type Library = keyof typeof libraries;

async function start(t: TestContext, driver: Driver, library: Library, options: object = {}) {
  const worker = await createWorker({
    script: script('../checked/worker.mjs'),
    driver,
    messages: libraries[library],
    hostMessages,
    startupData: { library },
    handlers: { price: ({ id }: any) => ({ cents: id === 7 ? 0.5 : id }) },
    ...options,
  } as never);
  t.after(() => worker.close());
  return worker as unknown as WorkerClient<Loose>;
}

const drivers = [new ChildProcessDriver(), new WorkerThreadsDriver(), new InProcessDriver()];

for (const driver of drivers) {
  for (const library of Object.keys(libraries) as Library[]) {
    // Validators run in the threads as in processes: one library shows it.
    const skip = library !== 'zod' && driver.name !== 'child_process' && inTestAll;
    describe(`with ${library}, by ${driver.name},`, { skip }, () => {
      test('a handler receives the validated payload, and a caller the validated result', async (t) => {
        const worker = await start(t, driver, library);
        assert.deepEqual(await worker.send('greet', { user: { name: 'Ada' }, at: '12' }), { text: 'ADA 1 NUMBER' });
      });

      test('an invalid payload fails alone, before its handler runs', async (t) => {
        const worker = await start(t, driver, library);
        const fine = { user: { name: 'Ada' }, at: '12' };
        const [error, result] = await Promise.all([
          failure(worker.send('greet', { user: { name: 5 }, at: '1' })),
          worker.send('greet', fine),
        ]);
        assert.equal(error.name, 'WorkerError');
        assert.equal(error.code, 'ERR_INVALID_MESSAGE');
        assert.match(error.message, /"greet" that came to the worker is not valid: payload\.user\.name: ./);
        assert.deepEqual([error.messageType, error.side], ['greet', 'worker']);
        assert.deepEqual(error.issues[0].path, ['payload', 'user', 'name']);
        assert.deepEqual(result, { text: 'ADA 1 NUMBER' });
        assert.equal(await worker.send('asked', undefined), 1);
      });

      test('an invalid result fails in the host', async (t) => {
        const worker = await start(t, driver, library);
        const error = await failure(worker.send('greet', { user: { name: 'nobody' }, at: '1' }));
        assert.equal(error.code, 'ERR_INVALID_MESSAGE');
        assert.match(error.message, /"greet" that came to the host is not valid: result\.text: ./);
        assert.equal(error.side, 'host');
        assert.deepEqual(error.issues[0].path, ['result', 'text']);
      });

      test('the reader validates chunks, in both directions', async (t) => {
        const worker = await start(t, driver, library);
        const stream = (worker as any).stream('count', [1, 2]);
        const read: unknown[] = [];
        for await (const each of stream) read.push(each);
        assert.deepEqual([read, await stream.result], [[10, 20], 'done']);

        const broken = (worker as any).stream('count', [1, 'two', 3]);
        assert.deepEqual(await broken.next(), { value: 10, done: false });
        const error = await failure(broken.next());
        assert.equal(error.code, 'ERR_INVALID_MESSAGE');
        assert.deepEqual([error.side, error.issues[0].path], ['host', ['stream']]);
        assert.deepEqual(await broken.next(), { value: undefined, done: true });

        const sum = (input: unknown[]) => (worker as any).send('sum', null, { input });
        assert.equal(await sum([1, 2, 3]), 6);
        const refused = await failure(sum([1, 'two', 3]));
        assert.equal(refused.code, 'ERR_INVALID_MESSAGE');
        assert.deepEqual([refused.side, refused.issues[0].path], ['worker', ['input']]);
      });

      test('the host validates progress, and drops invalid progress', async (t) => {
        const logger = new RecordingLogger();
        const worker = await start(t, driver, library, { logger });
        const seen: unknown[] = [];
        await (worker as any).send('climb', [1, 'high', 3], { onProgress: (value: unknown) => seen.push(value) });
        assert.deepEqual(seen, ['1 m', '3 m']);
        assert.equal(logger.lines.length, 1);
        assert.match(logger.lines[0]!, /a progress value was dropped$/);
      });
    });
  }

  describe(`validators, by ${driver.name},`, () => {
    test('may be asynchronous: messages stay in order', async (t) => {
      const worker = await start(t, driver, 'zod');
      const slow = worker.send('later', { name: 'first', ms: 60 });
      const done: string[] = [];
      const all = [
        slow.then(() => done.push('slow')),
        worker.send('order', 'second').then(() => done.push('quick')),
        worker.send('later', { name: 'third', ms: 1 }).then(() => done.push('third')),
      ];
      worker.post('note', { line: 'fourth' });
      assert.deepEqual(await slow, { name: 'first', ms: 60, checked: true });
      await Promise.all(all);
      assert.deepEqual(await worker.send('orders', undefined), ['first', 'second', 'third', 'fourth']);
      assert.deepEqual(done, ['slow', 'quick', 'third']);
      assert.equal((await failure(worker.send('later', { good: false }))).code, 'ERR_INVALID_MESSAGE');
    });

    test('check requests of a worker to its host', async (t) => {
      const worker = await start(t, driver, 'zod');
      assert.deepEqual(await worker.send('askHost', { id: 3 }), { cents: 3 });
      const payload = await failure(worker.send('askHost', { id: 'three' }));
      assert.deepEqual(
        [payload.code, payload.side, payload.issues[0].path],
        ['ERR_INVALID_MESSAGE', 'host', ['payload', 'id']],
      );
      const result = await failure(worker.send('askHost', { id: 7 }));
      assert.deepEqual(
        [result.code, result.side, result.issues[0].path],
        ['ERR_INVALID_MESSAGE', 'worker', ['result', 'cents']],
      );
    });

    test('that throw fail only their message', async (t) => {
      const worker = await start(t, driver, 'zod');
      const error = await failure(worker.send('throws', 1));
      assert.equal(error.code, 'ERR_INVALID_MESSAGE');
      assert.match(error.message, /payload: its validator \(by hand\) has failed: fell over/);
      assert.ok(error.cause instanceof RangeError);
      assert.equal(await worker.send('asked', undefined), 0);
    });
  });
}

test('The worker logs and drops an invalid notification', async (t) => {
  const lines: string[] = [];
  let resolve!: () => void;
  const told = new Promise<void>((act) => (resolve = act));
  const onOutput = (line: string) => {
    lines.push(line);
    if (line.includes('payload.line')) resolve();
  };
  const worker = await start(t, new ChildProcessDriver(), 'zod', { onOutput });
  worker.post('note', { line: 1 });
  worker.post('note', { line: 'fine' });
  assert.deepEqual(await worker.send('orders', undefined), ['fine']);
  await told;
  assert.match(lines.join('\n'), /the notification "note" was dropped.*payload\.line: /s);
});

test('Middleware sees payloads before validators do', async (t) => {
  const worker = await start(t, new ChildProcessDriver(), 'zod', {
    middleware: (message: any, direction: string) => {
      if (direction === 'outgoing' && message.type === 'greet') message.payload.at = '7';
      if (message.type === 'greetResult') message.payload = { text: 'from middleware' };
    },
  });
  assert.deepEqual(await worker.send('greet', { user: { name: 'Ada' } }), { text: 'FROM MIDDLEWARE' });
});

test('createWorker names an invalid definition before it starts a process', async () => {
  const refused = async (messages: unknown) =>
    (await failure(createWorker({ script: 'none.mjs', messages } as never))).message;
  const options = { script: script('../checked/worker.mjs') };
  for (const [messages, text] of [
    [5, /^messages must be an object, not 5$/],
    [{ load: 5 }, /^messages\.load must be an object, not 5$/],
    [{ load: { paylod: slowly(() => {}) } }, /does not know the option `messages\.load\.paylod`/],
    [
      { load: { result: {} } },
      /^messages\.load\.result must be a validator of Standard Schema 1, or unchecked\(\), not an object$/,
    ],
  ] as const) {
    const error = await failure(createWorker({ ...options, messages } as never));
    assert.equal(error.code, 'ERR_INVALID_OPTION');
    assert.match(error.message, text);
  }
  assert.match(await refused({}), /none\.mjs/);
});

test('The library loads no validation code without validators', async (t) => {
  const worker = await createWorker<Loose, InProcessDriver>({
    script: script('worker'),
    driver: new InProcessDriver(),
  });
  t.after(() => worker.close());
  const { chains, incoming } = (worker as any).current.requests.options;
  assert.deepEqual([chains, incoming], [undefined, undefined]);
});
