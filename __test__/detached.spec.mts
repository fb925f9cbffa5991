// Workers that outlive their hosts.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { after, describe, test, type TestContext } from 'node:test';

import { createWorker, WorkerThreadsDriver } from 'isolated-workers';

import * as door from './fixtures/detached/support.mjs';
import {
  attach,
  event,
  files,
  gone,
  isAlive,
  keptResults,
  nothingLeft,
  runHost,
  script,
  start,
} from './fixtures/detached/support.mjs';
import { failure, until } from './fixtures/faults/support.mjs';
import { serializer } from './fixtures/serializers.mjs';

after(() => assert.deepEqual(files(), [], 'sockets are left'));

describe('A detached worker outlives a host', () => {
  for (const [how, step, ending] of [
    ['ends by itself', ['send', ['pid']], [0, null]],
    ['calls process.exit()', ['exit', 3], [3, null]],
    ['crashes', ['throw'], [1, null]],
    ['is killed with SIGKILL', ['stay'], [null, 'SIGKILL']],
  ] as const) {
    test(`that ${how}, with its state, and is found by name and by path`, async (t) => {
      const name = door.newName();
      const host = runHost(t, ['start', { name }], ['send', ['add', 3]], step as ['stay']);
      const first = await host.worker();
      assert.equal(await host.next(), 3);
      if (how.includes('SIGKILL')) host.kill('SIGKILL');
      assert.deepEqual(await host.ended, ending);

      const byName = await attach(t, { name });
      assert.deepEqual([byName.pid, byName.name, byName.socketPath], [first.pid, name, first.socketPath]);
      assert.deepEqual([byName.isActive, byName.isConnected], [true, true]);
      assert.equal(await byName.send('add', 4), 7);
      await byName.disconnect();

      const byPath = await attach(t, { socketPath: first.socketPath });
      assert.equal(byPath.pid, first.pid);
      assert.equal(await byPath.send('add', 5), 12);
      assert.deepEqual(await byPath.close(), { type: 'close' });
      await nothingLeft(first);
    });
  }

  test('that has not waited for it to be ready', async (t) => {
    const name = door.newName();
    const host = runHost(t, ['start', { name, waitForReady: false, startupData: { a: 1 } }], ['exit', 0]);
    const first = await host.worker();
    assert.deepEqual(await host.ended, [0, null]);
    const worker = await attach(t, { name });
    assert.equal(await worker.send('pid'), first.pid);
    await worker.close();
    await nothingLeft(first);
  });

  test('and has its start-up data, also when it asks for them only then', async (t) => {
    const first = await start(t, { startupData: { config: ['a'] } });
    await first.disconnect();
    const second = await attach(t, { name: first.name });
    assert.deepEqual(await second.send('startupData'), { config: ['a'] });
    assert.deepEqual(await second.send('startupData'), { config: ['a'] });
    await second.close();
  });

  test('in a session of its own, with none of the variables that it was started with', async (t) => {
    const worker = await start(t);
    const [, , group, session] = readFileSync(`/proc/${worker.pid}/stat`, 'utf8')
      .split(') ')
      .at(-1)!
      .split(' ')
      .map(Number);
    assert.deepEqual([group, session], [worker.pid, worker.pid]);
    assert.deepEqual(await worker.send('environment'), []);
    assert.deepEqual([worker.stdout, worker.stderr], [null, null]);
    await worker.close();
    await nothingLeft(worker);
  });

  test('and its first host is told the exit code when another has closed it', async (t) => {
    const first = await start(t);
    const exit = event(first, 'exit');
    await first.disconnect();
    const second = await attach(t, { name: first.name });
    const told = event(second, 'exit');
    assert.deepEqual(await second.close(), { type: 'close' });
    assert.deepEqual(await told, { pid: first.pid, reason: { type: 'close' } });
    assert.deepEqual(await exit, { pid: first.pid, reason: { type: 'exit', code: 0, signal: null } });
    assert.equal((await failure(second.send('echo', 1))).code, 'ERR_WORKER_CLOSED');
    await nothingLeft(first);
  });

  test('and is closed by its first host like any other', async (t) => {
    const worker = await start(t);
    assert.ok(statSync(worker.socketPath!).isSocket());
    assert.deepEqual(await worker.close(), { type: 'exit', code: 0, signal: null });
    await nothingLeft(worker);
    assert.equal((await failure(attach(t, { name: worker.name }))).code, 'ERR_NO_SUCH_WORKER');
  });
});

describe('disconnect() and reconnect()', () => {
  test('of the first host, 25 times', async (t) => {
    const worker = await start(t);
    for (let round = 1; round <= 25; round++) {
      await worker.disconnect();
      assert.deepEqual([worker.isActive, worker.isConnected], [false, false]);
      assert.equal((await failure(worker.send('add', 1))).code, 'ERR_WORKER_DISCONNECTED');
      await worker.reconnect();
      assert.equal(await worker.send('add', 1), round);
    }
    await worker.close();
    await nothingLeft(worker);
  });

  test('of an attached host, 25 times; then both hosts in turn', async (t) => {
    const first = await start(t);
    await first.disconnect();
    const second = await attach(t, { name: first.name });
    for (let round = 1; round <= 25; round++) {
      await second.disconnect();
      await second.reconnect();
      assert.equal(await second.send('add', 1), round);
    }
    for (let round = 0; round < 5; round++) {
      await second.disconnect();
      await first.reconnect();
      assert.equal(await first.send('add', 1), 26 + 2 * round);
      await first.disconnect();
      await second.reconnect();
      assert.equal(await second.send('add', 1), 27 + 2 * round);
    }
    await second.close();
    await nothingLeft(first);
  });

  test('twice at the same time is once', async (t) => {
    const worker = await start(t);
    await Promise.all([worker.disconnect(), worker.disconnect()]);
    await Promise.all([worker.reconnect(), worker.reconnect()]);
    assert.equal(await worker.send('add', 1), 1);
    await worker.close();
  });

  test('to a worker that has ended meanwhile is refused, and close() has nothing to do', async (t) => {
    const first = await start(t);
    await first.disconnect();
    const second = await attach(t, { name: first.name });
    await second.disconnect();
    process.kill(first.pid, 'SIGKILL');
    await nothingLeft(first);
    assert.equal((await failure(second.reconnect())).code, 'ERR_NO_SUCH_WORKER');
    assert.deepEqual(await second.health(), { state: 'gone' });
    assert.deepEqual(await second.close(), { type: 'close' });
  });
});

describe('A second host', () => {
  test('is refused while the first is connected, which loses nothing', async (t) => {
    const first = await start(t);
    const waiting = first.send('wait', 'a');
    assert.equal((await failure(attach(t, { name: first.name }))).code, 'ERR_WORKER_OCCUPIED');
    await first.send('release', { key: 'a', result: 'released' });
    assert.equal(await waiting, 'released');
    await first.close();
  });

  test('takes over: the first gets an event and an error, and can come back', async (t) => {
    const first = await start(t);
    const lost = failure(first.send('wait', 'a'));
    assert.deepEqual(await first.send('waiting'), ['a']);
    const disconnected = event(first, 'disconnect');
    const second = await attach(t, { name: first.name, takeOver: true });
    const { code, message } = await lost;
    assert.equal(code, 'ERR_WORKER_DISCONNECTED');
    assert.match(message, /"wait"/);
    await disconnected;
    assert.deepEqual([first.isActive, first.isConnected], [false, false]);
    assert.equal((await failure(first.send('echo', 1))).code, 'ERR_WORKER_DISCONNECTED');
    assert.throws(() => first.post('echo', 1), { code: 'ERR_WORKER_DISCONNECTED' });
    assert.equal((await failure(first.reconnect())).code, 'ERR_WORKER_OCCUPIED');
    assert.equal((await failure(first.reconnect())).code, 'ERR_WORKER_OCCUPIED');

    // What the first has asked for is told to who is there now.
    const kept = event(second, 'keptResult');
    await second.send('release', { key: 'a', result: 'late' });
    const { type, tx, result } = await kept;
    assert.deepEqual([type, typeof tx, result], ['wait', 'string', 'late']);

    await second.disconnect();
    const reconnected = event(first, 'reconnect');
    await first.reconnect();
    await reconnected;
    assert.equal(await first.send('add', 2), 2);
    await first.close();
    await nothingLeft(first);
  });

  test('takes over from a host of another process, and that one takes it back', async (t) => {
    const name = door.newName();
    const host = runHost(t, ['start', { name }], ['events'], ['ask', ['hang']], ['stay']);
    const { pid, socketPath } = await host.worker();
    const second = await attach(t, { socketPath, takeOver: true });
    assert.equal(second.pid, pid);
    assert.deepEqual([await host.next(), await host.next()].map((line) => line.code ?? line.event).toSorted(), [
      'ERR_WORKER_DISCONNECTED',
      'disconnect',
    ]);
    const lost = event(second, 'disconnect');
    const third = runHost(t, ['attach', { name, takeOver: true }], ['send', ['add', 1]], ['exit', 0]);
    assert.equal((await third.next()).pid, pid);
    await lost;
    assert.equal(await third.next(), 1);
    await third.ended;
    await second.reconnect();
    await second.close();
    await nothingLeft({ pid, socketPath });
  });

  test('takes over from one that is stopped, which learns of it when it goes on', async (t) => {
    const name = door.newName();
    const host = runHost(t, ['start', { name }], ['events'], ['stay']);
    const { pid, socketPath } = await host.worker();
    process.kill(host.pid, 'SIGSTOP');
    const second = await attach(t, { socketPath, takeOver: true });
    assert.equal(await second.send('pid'), pid);
    process.kill(host.pid, 'SIGCONT');
    assert.deepEqual(await host.next(), { event: 'disconnect' });
    await second.close();
    await nothingLeft({ pid, socketPath });
  });

  test('takes over ten times from ten others at once: one has it then', async (t) => {
    const first = await start(t);
    const hosts = await Promise.all(
      Array.from({ length: 10 }, () => attach(t, { name: first.name, takeOver: true }).catch((error) => error)),
    );
    const clients = hosts.filter((host) => !(host instanceof Error));
    for (const error of hosts) if (error instanceof Error) assert.equal((error as any).code, 'ERR_WORKER_DISCONNECTED');
    const answers = await Promise.allSettled(clients.map((host) => host.send('pid')));
    assert.equal(answers.filter(({ status }) => status === 'fulfilled').length, 1);
    for (const answer of answers) {
      if (answer.status === 'rejected') assert.equal(answer.reason.code, 'ERR_WORKER_DISCONNECTED');
    }
    await first.close();
    await nothingLeft(first);
  });
});

describe('Results that come while no host is there', () => {
  test('are told to the next in order, errors too, with their transaction ids', async (t) => {
    const ids: string[] = [];
    const first = await start(t, { middleware: (message: any) => void (message.tx && ids.push(message.tx)) });
    const keys = ['a', 'b', 'c', 'd'];
    for (const key of keys) first.send('wait', key).catch(() => {});
    assert.deepEqual(await first.send('waiting'), keys);
    const [a, b, c, d] = ids;
    const file = door.newFile();
    first.post('releaseWhenAlone', { file, keys: ['c', 'a', 'd', 'b'] });
    await first.disconnect();
    const second = await attachWhen(t, file, first.name, 4);
    assert.deepEqual(second.results, [
      { type: 'wait', tx: c, result: 'c' },
      { type: 'wait', tx: a, result: 'a' },
      { type: 'wait', tx: d, result: 'd' },
      { type: 'wait', tx: b, result: 'b' },
    ]);
    await second.worker.close();
    await nothingLeft(first);
  });

  test('are told as errors where they are errors', async (t) => {
    const first = await start(t);
    first.send('wait', 'a').catch(() => {});
    first.send('unwritable').catch(() => {});
    await first.send('waiting');
    const second = await attach(t, { name: first.name, takeOver: true });
    const kept = keptResults(second, 2);
    second.post('refuse', { key: 'a', message: 'out of range' });
    second.post('release', { key: 'unwritable' });
    const [refused, unwritable] = await kept;
    assert.equal(refused.type, 'wait');
    assert.ok(refused.error instanceof RangeError);
    const { message, code, detail } = refused.error as any;
    assert.deepEqual([message, code, detail], ['out of range', 'ERR_MINE', { key: 'a' }]);
    assert.equal((unwritable.error as any).code, 'ERR_NOT_SERIALIZABLE');
    await second.close();
  });

  test('are as they were when they came', async (t) => {
    const first = await start(t);
    first.send('givesState').catch(() => {});
    await first.send('waiting');
    const file = door.newFile();
    first.post('changeStateWhenAlone', file);
    await first.disconnect();
    const { worker, results } = await attachWhen(t, file, first.name, 1);
    assert.deepEqual(results[0].result, { value: 'as it was' });
    assert.deepEqual(await worker.send('state'), { value: 'changed' });
    await worker.close();
  });

  for (const [keepResults, expected] of [
    [0, []],
    [2, ['c', 'd']],
    [Infinity, ['a', 'b', 'c', 'd']],
  ] as const) {
    test(`are ${keepResults} at most with keepResults: ${keepResults}, and the oldest go first`, async (t) => {
      const keys = ['a', 'b', 'c', 'd'];
      const first = await start(t, { keepResults });
      for (const key of keys) first.send('wait', key).catch(() => {});
      await first.send('waiting');
      const file = door.newFile();
      first.post('releaseWhenAlone', { file, keys });
      await first.disconnect();
      const second = await attachWhen(t, file, first.name, expected.length);
      assert.deepEqual(
        second.results.map(({ result }) => result),
        expected,
      );
      // Nothing comes twice.
      await second.worker.disconnect();
      const third = await attach(t, { name: first.name });
      third.on('keptResult', () => assert.fail('it was told again'));
      await third.send('pid');
      await third.close();
    });
  }

  test('come to the same host when it reconnects', async (t) => {
    const worker = await start(t);
    worker.send('wait', 'a').catch(() => {});
    await worker.send('waiting');
    const file = door.newFile();
    worker.post('releaseWhenAlone', { file, keys: ['a'] });
    await worker.disconnect();
    await until(`${file} is there`, () => existsSync(file));
    await worker.reconnect();
    const kept = await event(worker, 'keptResult');
    assert.equal(kept.result, 'a');
    await worker.close();
  });

  /** Attaches when that is done; gives what is told then. */
  async function attachWhen(t: TestContext, file: string, name: string, count: number) {
    await until(`${file} is there`, () => existsSync(file));
    const worker = await attach(t, { name });
    const results: any[] = [];
    worker.on('keptResult', (kept) => results.push(kept));
    await until(`${count} results are told`, () => results.length >= count);
    await worker.send('pid');
    assert.equal(results.length, count);
    return { worker, results };
  }
});

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
    test(`learns of a crash: the worker ${how}`, async (t) => {
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

  test('the first host learns of a crash in the same way, and of no disconnection', async (t) => {
    const worker = await start(t);
    worker.on('disconnect', () => assert.fail('it is gone, not disconnected'));
    const error = await failure(worker.send('exit', 4));
    assert.deepEqual([error.code, error.reason], ['ERR_WORKER_CRASHED', { type: 'exit', code: 4, signal: null }]);
    await nothingLeft(worker);
  });

  for (const how of ['kill', 'terminate', 'close'] as const) {
    for (const manner of ['stubborn', 'spinning', 'idle']) {
      test(`ends a worker that is ${manner} with ${how}()`, async (t) => {
        const worker = await attached(t, { argv: ['json', manner] });
        if (manner === 'spinning') worker.send('spin', 60_000).catch(() => {});
        else if (manner === 'stubborn') worker.send('hang').catch(() => {});
        assert.deepEqual(await (how === 'close' ? worker.close({ timeout: 100 }) : worker[how]()), { type: 'close' });
        await nothingLeft(worker);
      });
    }
  }

  test('sees whether it is blocked, stopped or gone', async (t) => {
    const worker = await attached(t);
    assert.deepEqual(await worker.health(), { state: 'alive' });
    worker.post('spin', 60_000);
    while ((await worker.health()).state !== 'blocked');
    process.kill(worker.pid, 'SIGSTOP');
    assert.deepEqual(await worker.health({ timeout: 50 }), { state: 'silent' });
    const exit = event(worker, 'exit');
    process.kill(worker.pid, 'SIGKILL');
    await exit;
    assert.deepEqual(await worker.health(), { state: 'gone' });
    await nothingLeft(worker);
  });

  test('sees how it is while disconnected, too', async (t) => {
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
    test(`speaks by the serializer ${name}, and is told kept results in it`, async (t) => {
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

  test('with another serializer is told so, and the worker lives on', async (t) => {
    const first = await start(t);
    await first.send('add', 1);
    await first.disconnect();
    for (let round = 0; round < 3; round++) {
      const error = await failure(attach(t, { name: first.name, serializer: serializer('msgpack') }));
      assert.equal(error.code, 'ERR_SERIALIZER_MISMATCH');
      assert.match(error.message, /msgpack/);
      assert.match(error.message, /json/);
    }
    const second = await attach(t, { name: first.name });
    assert.equal(await second.send('add', 1), 2);
    await second.close();
  });

  test('that finds it blocked gets ERR_START_TIMEOUT, and the worker lives on', async (t) => {
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

  test('that finds it stopped gets ERR_START_TIMEOUT, and the worker lives on', async (t) => {
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

  test('the first host that reconnects to a blocked worker does not end it either', async (t) => {
    const first = await start(t, { timeout: { startup: 700 } });
    first.post('spin', 1_500);
    await first.disconnect();
    const error = await failure(first.reconnect());
    assert.match(error.code, /^ERR_(START_TIMEOUT|WORKER_OCCUPIED)$/);
    const second = await attach(t, { name: first.name, takeOver: true });
    assert.equal(await second.send('pid'), first.pid);
    await second.close();
  });

  test('ends by itself when it is idle, and stays while a request is in flight', async (t) => {
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

  test('rounds of attaching and leaving cost neither side a descriptor or a thread', async (t) => {
    const first = await start(t);
    await first.disconnect();
    const round = async () => {
      const worker = await attach(t, { name: first.name });
      const there = await worker.send('resources');
      await worker.disconnect();
      return there as { fds: number; threads: number };
    };
    const here = async () => readdirSync('/proc/self/fd').length;
    for (let warm = 0; warm < 5; warm++) await round();
    const [worker, host] = [await round(), await here()];
    for (let count = 0; count < 60; count++) await round();
    for (let count = 0; count < 20; count++) {
      await failure(attach(t, { name: first.name, serializer: serializer('msgpack') }));
    }
    // A thread that has served a guest needs a moment to end.
    let last = await round();
    for (let tries = 0; tries < 100 && (last.threads > worker.threads || last.fds > worker.fds); tries++)
      last = await round();
    assert.ok(last.fds <= worker.fds && last.threads <= worker.threads, JSON.stringify([worker, last]));
    assert.ok((await here()) <= host, `${host} descriptors became ${await here()}`);
    const end = await attach(t, { name: first.name });
    await end.close();
  });
});

describe('Options of detached workers', () => {
  for (const options of [{ detached: true }, { socketPath: '/tmp/a.sock' }, { keepResults: 3 }]) {
    test(`${Object.keys(options)[0]} is refused for threads`, async () => {
      const error = await failure(createWorker<any, any>({ script, driver: WorkerThreadsDriver, ...options }));
      assert.equal(error.code, 'ERR_UNSUPPORTED_BY_DRIVER');
      assert.match(error.message, /child_process/);
    });
  }

  for (const options of [
    { detached: 'yes' },
    { detached: true, keepResults: -1 },
    { detached: true, keepResults: NaN },
    { detached: true, keepResults: '3' },
    { detached: true, socketPath: 3 },
    { detached: true, socketPath: '' },
    { socketPath: '/tmp/a.sock' },
    { keepResults: 3 },
  ]) {
    test(`are checked: ${JSON.stringify(options)}`, async () => {
      assert.equal((await failure(createWorker<any, any>({ script, ...options } as any))).code, 'ERR_INVALID_OPTION');
      assert.deepEqual(files(), []);
    });
  }

  for (const options of [
    undefined,
    null,
    {},
    { name: '' },
    { name: 3 },
    { socketPath: 3 },
    { name: 'a', takeOver: 1 },
  ]) {
    test(`of attachWorker are checked: ${JSON.stringify(options)}`, async (t) => {
      assert.equal((await failure(attach(t, options as any))).code, 'ERR_INVALID_OPTION');
    });
  }

  test('stdio may be piped', async (t) => {
    const worker = await start(t, { stdio: 'pipe' });
    assert.ok(worker.stdout && worker.stderr);
    const error = await failure(worker.send('throw'));
    assert.match(error.stderr.join('\n'), /thrown outside/);
    await nothingLeft(worker);
  });
});

describe('A detached worker with workers of its own', () => {
  test('keeps them while its host changes, and takes those that are not detached with it', async (t) => {
    const first = await start(t);
    const inner = (await first.send('nest', false)) as { pid: number };
    door.endsWith(t, inner.pid);
    assert.equal(await first.send('askNested', 5), 5);
    await first.disconnect();
    const second = await attach(t, { name: first.name });
    assert.equal(await second.send('askNested', 6), 11);
    await second.kill();
    await gone(inner.pid);
    await nothingLeft(first);
  });

  test('may have one that outlives it, and does not hold its socket', async (t) => {
    const first = await start(t);
    const inner = (await first.send('nest', true)) as { pid: number; socketPath: string };
    door.endsWith(t, inner.pid, inner.socketPath);
    await first.kill();
    await nothingLeft(first);
    assert.equal((await failure(attach(t, { socketPath: first.socketPath }))).code, 'ERR_NO_SUCH_WORKER');
    const worker = await attach(t, { socketPath: inner.socketPath });
    assert.equal(await worker.send('add', 1), 1);
    await worker.close();
    await nothingLeft(inner);
  });
});

test('A detached worker that crashes is restarted under its name where retries are wanted', async (t) => {
  const worker = await start(t, { unexpectedShutdown: { strategy: 'retry', attempts: 2 } } as any);
  const { pid } = worker;
  const restarted = new Promise<{ pid: number | undefined }>((resolve) => worker.once('restart', resolve));
  process.kill(pid, 'SIGKILL');
  assert.equal(await worker.send('add', 1), 1);
  const { pid: next } = await restarted;
  door.endsWith(t, next!, worker.socketPath);
  assert.notEqual(next, pid);
  await worker.disconnect();
  const second = await attach(t, { name: worker.name });
  assert.equal(second.pid, next);
  await second.close();
  await nothingLeft({ pid: next!, socketPath: worker.socketPath });
});
