// Hosts attach to detached workers that other hosts have started.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, describe, test, type TestContext } from 'node:test';

import { attach, event, files, isAlive, nothingLeft, runHost, start } from '../fixtures/detached/support.mjs';
import { eventually, failure, RecordingLogger } from '../fixtures/faults/support.mjs';
import { stop } from '../fixtures/lives/support.mjs';
import { rounds } from '../fixtures/rounds.mjs';
import { serializer } from '../fixtures/serializers.mjs';

after(() => assert.deepEqual(files(), [], 'sockets are left'));

describe('An attached host', () => {
  const attached = async (t: TestContext, options: Parameters<typeof start>[1] = {}) => {
    const first = await start(t, options);
    await first.disconnect();
    return attach(t, { name: first.name });
  };

  for (const [how, type, payload] of [
    ['is killed', 'kill', 'SIGKILL'],
    ['exits', 'exit', 4],
    ['throws', 'throw', undefined],
  ] as const) {
    test(`receives the crash of a worker that ${how}`, async (t) => {
      const worker = await attached(t);
      worker.on('disconnect', () => assert.fail('it is gone, not disconnected'));
      const [crash, exit] = [event(worker, 'crash'), event(worker, 'exit')];
      const hanging = failure(worker.send('hang'));
      const errors = [await failure(worker.send(type, payload)), await hanging];
      for (const error of errors) assert.deepEqual([error.code, error.pid], ['ERR_WORKER_CRASHED', worker.pid]);
      assert.deepEqual(
        errors.map(({ messageType }) => messageType),
        [type, 'hang'],
      );
      if (how === 'throws') assert.match(errors[0].cause.message, /thrown outside/);
      assert.equal((await crash).code, 'ERR_WORKER_CRASHED');
      await exit;
      assert.equal((await failure(worker.send('echo', 1))).code, 'ERR_WORKER_CRASHED');
      await nothingLeft(worker);
    });
  }

  test('reports a crash to the first host too, and no disconnection', async (t) => {
    const worker = await start(t);
    worker.on('disconnect', () => assert.fail('it is gone, not disconnected'));
    const error = await failure(worker.send('exit', 4));
    assert.deepEqual([error.code, error.reason], ['ERR_WORKER_CRASHED', { type: 'exit', code: 4, signal: null }]);
    await nothingLeft(worker);
  });

  for (const how of ['kill', 'terminate', 'close'] as const) {
    for (const manner of ['stubborn', 'spinning', 'idle']) {
      test(`ends a worker that is ${manner} with ${how}()`, async (t) => {
        const worker = await attached(t, { argv: ['none', manner] });
        if (manner === 'spinning') worker.send('spin', 60_000).catch(() => {});
        else if (manner === 'stubborn') worker.send('hang').catch(() => {});
        assert.deepEqual(await (how === 'close' ? worker.close({ timeout: 100 }) : worker[how]()), { type: 'close' });
        await nothingLeft(worker);
      });
    }
  }

  test('sees by health() whether the worker is blocked, stopped or gone', async (t) => {
    const worker = await attached(t);
    assert.deepEqual(await worker.health(), { state: 'alive' });
    worker.post('spin', 60_000);
    while ((await worker.health()).state !== 'blocked');
    await stop(worker);
    assert.deepEqual(await worker.health({ timeout: 50 }), { state: 'silent' });
    const exit = event(worker, 'exit');
    process.kill(worker.pid, 'SIGKILL');
    await exit;
    assert.deepEqual(await worker.health(), { state: 'gone' });
    await nothingLeft(worker);
  });

  test('sees the health of the worker while disconnected', async (t) => {
    const worker = await attached(t);
    await worker.disconnect();
    assert.deepEqual(await worker.health(), { state: 'alive' });
    assert.deepEqual(await worker.close(), { type: 'close' });
    await nothingLeft(worker);
  });

  test('sends and gets large messages', async (t) => {
    const worker = await attached(t);
    const text = 'x'.repeat(16 * 1024 * 1024);
    assert.equal(await worker.send('echo', text), text);
    await worker.close();
  });

  for (const name of ['json-nul', 'prefixed', 'msgpack', 'v8']) {
    test(`uses the serializer ${name}, also for kept results`, async (t) => {
      const first = await start(t, { serializer: serializer(name), argv: [name] });
      first.send('wait', 'a').catch(() => {});
      await first.send('waiting');
      const worker = await attach(t, { name: first.name, serializer: serializer(name), takeOver: true });
      assert.deepEqual(await worker.send('echo', { a: ['ü', 1] }), { a: ['ü', 1] });
      worker.post('release', { key: 'a', result: { b: 'ö' } });
      const { type, result } = await event(worker, 'keptResult');
      assert.deepEqual([type, result], ['wait', { b: 'ö' }]);
      await worker.close();
      await nothingLeft(first);
    });
  }

  test('with another serializer than the worker gets an error, and the worker lives on', async (t) => {
    const first = await start(t);
    await first.send('add', 1);
    await first.disconnect();
    for (let round = 0; round < 3; round++) {
      const error = await failure(attach(t, { name: first.name, serializer: serializer('msgpack') }));
      assert.equal(error.code, 'ERR_SERIALIZER_MISMATCH');
      assert.match(error.message, /msgpack/);
      assert.match(error.message, /structured/);
    }
    const second = await attach(t, { name: first.name });
    assert.equal(await second.send('add', 1), 2);
    await second.close();
  });

  for (const [given, argv] of [
    ['structured', ['none']],
    ['json', ['none']],
    ['json', ['json']],
  ] as const) {
    test(`that names no serializer uses that of the worker, ${given}, of a worker given ${argv[0]}`, async (t) => {
      const logger = new RecordingLogger();
      const first = await start(t, { serializer: given, argv: [...argv], logger });
      await first.send('add', 1);
      first.send('wait', 'a').catch(() => {});
      await first.send('waiting');
      await first.disconnect();
      for (const takeOver of [false, true]) {
        const worker = await attach(t, {
          name: first.name,
          takeOver,
          logger,
          handlers: { lookup: (at: unknown) => at },
        });
        const back = await worker.send('ask', new Date(0));
        assert.deepEqual(back, given === 'structured' ? new Date(0) : '1970-01-01T00:00:00.000Z');
        assert.equal(await worker.send('add', 0), 1);
        await worker.disconnect();
        await worker.reconnect();
        assert.deepEqual(await worker.send('echo', { a: 1 }), { a: 1 });
        // The next one takes its place.
        if (takeOver) await worker.disconnect();
      }
      assert.deepEqual(logger.warnings, []);
      const last = await attach(t, { name: first.name });
      last.post('release', { key: 'a', result: 'kept' });
      assert.equal((await event(last, 'keptResult')).result, 'kept');
      await last.close();
      await nothingLeft(first);
    });
  }

  test('that names another built-in serializer than the worker gets an error that names both', async (t) => {
    for (const [given, other] of [
      ['structured', 'json'],
      ['json', 'structured'],
    ] as const) {
      const first = await start(t, { serializer: given, argv: ['none'] });
      await first.disconnect();
      const error = await failure(attach(t, { name: first.name, serializer: other }));
      assert.equal(error.code, 'ERR_SERIALIZER_MISMATCH');
      const says = `the host uses the serializer "${other}" .* and the worker uses "${given}" .* Give \`attachWorker\` the worker's`;
      assert.match(error.message, new RegExp(`^cannot attach to the worker at /.*: ${says} serializer\\.$`));
      const last = await attach(t, { name: first.name });
      await last.close();
    }
  });

  test('that names no serializer where the worker has a custom one gets an error that names both', async (t) => {
    const first = await start(t, { serializer: serializer('msgpack'), argv: ['msgpack'] });
    await first.disconnect();
    const error = await failure(attach(t, { name: first.name }));
    assert.equal(error.code, 'ERR_SERIALIZER_MISMATCH');
    assert.match(error.message, /the host uses the serializer "structured" .* and the worker uses "msgpack"/);
    const last = await attach(t, { name: first.name, serializer: serializer('msgpack') });
    await last.close();
  });

  test('gets ERR_START_TIMEOUT when the worker is blocked, and the worker lives on', async (t) => {
    const first = await start(t);
    first.post('spin', 1_500);
    await first.disconnect();
    const error = await failure(attach(t, { name: first.name, takeOver: true, timeout: { startup: 100 } }));
    assert.equal(error.code, 'ERR_START_TIMEOUT');
    assert.ok(isAlive(first.pid));
    const second = await attach(t, { name: first.name, takeOver: true });
    assert.equal(await second.send('pid'), first.pid);
    await second.close();
  });

  test('gets ERR_START_TIMEOUT when the worker is stopped, and the worker lives on', async (t) => {
    const first = await start(t);
    await first.disconnect();
    process.kill(first.pid, 'SIGSTOP');
    const error = await failure(attach(t, { name: first.name, timeout: { startup: 100 } }));
    process.kill(first.pid, 'SIGCONT');
    assert.equal(error.code, 'ERR_START_TIMEOUT');
    const second = await attach(t, { name: first.name, takeOver: true });
    assert.equal(await second.send('pid'), first.pid);
    await second.close();
  });

  test('finds a blocked worker alive after the first host has failed to reconnect to it', async (t) => {
    const first = await start(t, { timeout: { startup: 700 } });
    first.post('spin', 1_500);
    await first.disconnect();
    const error = await failure(first.reconnect());
    assert.match(error.code, /^ERR_(START_TIMEOUT|WORKER_OCCUPIED)$/);
    const second = await attach(t, { name: first.name, takeOver: true });
    assert.equal(await second.send('pid'), first.pid);
    await second.close();
  });

  test('ends by itself when idle, and stays while a request is in flight', async (t) => {
    const first = await start(t);
    await first.disconnect();
    const idle = runHost(t, ['attach', { name: first.name }], ['send', ['add', 1]]);
    await idle.next();
    assert.equal(await idle.next(), 1);
    assert.deepEqual(await idle.ended, [0, null]);
    const asking = runHost(t, ['attach', { name: first.name }], ['ask', ['wait', 'a']]);
    await asking.next();
    await first.reconnect().then(
      () => assert.fail('it is occupied'),
      ({ code }) => assert.equal(code, 'ERR_WORKER_OCCUPIED'),
    );
    const second = await attach(t, { name: first.name, takeOver: true });
    // It has waited for its answer until it lost its place.
    assert.deepEqual(await asking.next(), { code: 'ERR_WORKER_DISCONNECTED' });
    assert.deepEqual(await asking.ended, [0, null]);
    await second.close();
    await nothingLeft(first);
  });

  test('attaches and leaves many times without a leak of descriptors or threads on either side', async (t) => {
    const first = await start(t);
    await first.disconnect();
    const round = async () => {
      const worker = await attach(t, { name: first.name });
      const there = await worker.send('resources');
      await worker.disconnect();
      return there as { fds: number; threads: number };
    };
    const here = () => readdirSync('/proc/self/fd').length;
    for (let warm = 0; warm < 5; warm++) await round();
    const [worker, host] = [await round(), here()];
    for (let count = rounds(20, 60); count > 0; count--) await round();
    for (let count = rounds(7, 20); count > 0; count--) {
      await failure(attach(t, { name: first.name, serializer: serializer('msgpack') }));
    }
    // A thread that has served a peer needs a moment to end.
    let last = await round();
    for (let tries = 0; tries < 100 && (last.threads > worker.threads || last.fds > worker.fds); tries++)
      last = await round();
    assert.ok(last.fds <= worker.fds && last.threads <= worker.threads, JSON.stringify([worker, last]));
    await eventually(`${host} descriptors are open here`, () => here() <= host);
    const end = await attach(t, { name: first.name });
    await end.close();
  });
});
