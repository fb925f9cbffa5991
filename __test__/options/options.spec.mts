// The library names invalid options before it starts or sends anything.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import {
  attachWorker,
  createWorker,
  JsonSerializer,
  startWorkerServer,
  WorkerError,
  type WorkerClient,
} from 'isolated-workers';

import { endProcess, failure, fixture, type Loose, RecordingDriver } from '../fixtures/faults/support.mjs';
import { gone } from '../fixtures/processes.mjs';

const script = fixture('worker');
const create = (options: unknown) => createWorker(options as { script: string });

function assertInvalid(error: any, name: string) {
  assert.ok(error instanceof WorkerError, String(error));
  assert.equal(error.code, 'ERR_INVALID_OPTION');
  assert.ok(error.message.includes(name), `"${error.message}" does not name ${name}`);
}

describe('createWorker refuses', () => {
  const json = (members: object) => ({ name: 'x', terminator: '\n', serialize() {}, deserialize() {}, ...members });
  const cases: [title: string, name: string, options: unknown][] = [
    ['to be called without options', 'options', undefined],
    ['null for options', 'options', null],
    ['a string for options', 'options', 'worker.js'],
    ['a missing script', 'script', {}],
    ['an empty script', 'script', { script: '' }],
    ['a number for a script', 'script', { script: 7 }],
    ['a script from the web', 'script', { script: new URL('https://example.com/worker.js') }],
    ['a script in a data URL', 'script', { script: new URL('data:text/javascript,1') }],
    ['a file URL on another machine', 'script', { script: 'file://elsewhere/worker.js' }],
    ['a number for a name', 'name', { script, name: 7 }],
    ['a driver that is a string', 'driver', { script, driver: 'child_process' }],
    ['a driver that is null', 'driver', { script, driver: null }],
    ['a driver without spawn', 'driver', { script, driver: {} }],
    ['a class that is no driver', 'driver', { script, driver: Map }],
    ['a function that is no class for a driver', 'driver', { script, driver: () => {} }],
    ['a string for timeouts', 'timeout', { script, timeout: '1s' }],
    ['a number for the timeouts of types', 'timeout.types', { script, timeout: { types: 5 } }],
    ['an unknown standard stream', 'stdio', { script, stdio: 'ipc' }],
    ['an unknown standard stream in an array', 'stdio', { script, stdio: ['pipe', 'overlapped'] }],
    ['four standard streams', 'stdio', { script, stdio: ['pipe', 'pipe', 'pipe', 'pipe'] }],
    ['null for standard streams', 'stdio', { script, stdio: null }],
    ['a string for arguments', 'argv', { script, argv: '--x' }],
    ['numbers for arguments', 'argv', { script, argv: [1] }],
    ['undefined among arguments', 'argv[0] must be a string, not undefined', { script, argv: [undefined] }],
    [
      'a hole among arguments',
      'argv[1] must be a string, not undefined',
      { script, argv: Object.assign([], { 0: 'a', 2: 'b' }) },
    ],
    ['null in execArgv', 'execArgv[1] must be a string, not null', { script, execArgv: ['--no-warnings', null] }],
    ['an unknown stream, by its place', 'stdio[1] must be "inherit", "pipe" or', { script, stdio: ['pipe', 'ipc'] }],
    [
      'undefined among middleware',
      'middleware[1] must be a function, not undefined',
      { script, middleware: [() => {}, undefined] },
    ],
    ['a string for execArgv', 'execArgv', { script, execArgv: '--x' }],
    ['a level that is none', 'logLevel', { script, logLevel: 'verbose' }],
    ['an inherited name for a level', 'logLevel', { script, logLevel: 'constructor' }],
    ['a logger that is a function', 'logger', { script, logger: () => {} }],
    ['middleware that is no function', 'middleware', { script, middleware: 7 }],
    ['middleware of which one is no function', 'middleware', { script, middleware: [() => {}, {}] }],
    ['a txIdGenerator that is no function', 'txIdGenerator', { script, txIdGenerator: 'uuid' }],
    ['a serializer of a name that there is not', 'serializer', { script, serializer: 'yaml' as 'json' }],
    ['a serializer that is null', 'serializer', { script, serializer: null }],
    ['a serializer that is a class', 'serializer', { script, serializer: JsonSerializer }],
    ['a serializer without a name', 'serializer.name', { script, serializer: json({ name: '' }) }],
    ['a serializer without serialize', 'serializer.serialize', { script, serializer: json({ serialize: 1 }) }],
    ['a serializer without deserialize', 'serializer.deserialize', { script, serializer: json({ deserialize: 1 }) }],
    ...[true, 'always', 0, null].map((busyPoll): [string, string, unknown] => [
      `${String(busyPoll)} (${typeof busyPoll}) for busyPoll`,
      "busyPoll must be 'auto' or false",
      { script, busyPoll },
    ]),
    ['an empty terminator', 'serializer.terminator', { script, serializer: json({ terminator: '' }) }],
    ['a terminator that is a number', 'serializer.terminator', { script, serializer: json({ terminator: 10 }) }],
    ...['"', ',', '{"', 'type'].map((terminator): [string, string, unknown] => [
      `the terminator ${terminator}, which occurs in every message`,
      JSON.stringify(terminator),
      { script, serializer: new JsonSerializer({ terminator }) },
    ]),
    ...[-1, NaN, -Infinity, '5', 5n].flatMap((value) => [
      ...['startup', 'serverConnect', 'message'].map((field): [string, string, unknown] => [
        `${String(value)} (${typeof value}) for timeout.${field}`,
        `timeout.${field}`,
        { script, timeout: { [field]: value } },
      ]),
      [
        `${String(value)} (${typeof value}) for the timeout of a type`,
        'timeout.types.compute',
        { script, timeout: { types: { compute: value } } },
      ] as [string, string, unknown],
    ]),
    ['a negative message timeout', 'timeout.message', { script, timeout: -1 }],
    ['NaN for the message timeout', 'timeout.message', { script, timeout: NaN }],
    ...[-1, 0, 4095, 2 ** 31 + 1, Infinity, NaN, '1 MiB', null].map((size): [string, string, unknown] => [
      `${String(size)} (${typeof size}) for maxMessageSize`,
      'maxMessageSize',
      { script, maxMessageSize: size },
    ]),
  ];

  for (const [title, name, options] of cases) {
    test(title, async (t) => {
      const created = create(options);
      created.then((worker) => t.after(() => worker.close())).catch(() => {});
      assertInvalid(await failure(created), name);
    });
  }

  test('a terminator that only the addon can check, and leaves no process behind', async () => {
    const driver = new RecordingDriver();
    const serializer = new JsonSerializer({ terminator: '"' });
    const error = await failure(createWorker({ script: fixture('never'), driver, serializer }));
    try {
      for (const pid of driver.pids) await gone(pid);
    } finally {
      for (const pid of driver.pids) endProcess(pid);
    }
    assertInvalid(error, 'terminator');
  });

  for (const [title, startupData, serializer] of [
    ['a cycle', cycle(), 'json'],
    ['a BigInt', 1n, 'json'],
    ['a function', () => {}, 'json'],
    ['a function', () => {}, 'structured'],
    ['a promise', Promise.resolve(), 'structured'],
  ] as const) {
    test(`${title} as start-up data, before it starts a process (${serializer})`, async () => {
      const driver = new RecordingDriver();
      const error = await failure(createWorker({ script, driver, startupData, serializer }));
      assert.ok(error instanceof WorkerError);
      assert.equal(error.code, 'ERR_NOT_SERIALIZABLE');
      assert.match(error.message, /startupData/);
      assert.deepEqual(driver.pids, []);
    });
  }
});

describe('A call refuses', () => {
  let worker: WorkerClient<Loose>;
  before(async () => void (worker = await createWorker<Loose>({ script })));
  after(() => worker.close());

  for (const timeout of [-1, NaN, '5', null, 5n] as number[]) {
    test(`${String(timeout)} (${typeof timeout}) for its timeout, and sends nothing`, async () => {
      assertInvalid(await failure(worker.send('echo', 1, { timeout })), 'timeout');
      assert.equal(await worker.send('echo', 2), 2);
    });
  }

  test('a negative timeout of close, and the worker stays open', async () => {
    assertInvalid(await failure((async () => worker.close({ timeout: -1 }))()), 'timeout');
    assert.equal(worker.isActive, true);
    assert.equal(await worker.send('echo', 3), 3);
  });

  test('a type that is no string', async () => {
    for (const type of [undefined, null, 7, {}, Symbol('s')] as unknown as string[]) {
      assert.equal((await failure(worker.send(type, 1))).code, 'ERR_INVALID_OPTION', String(type));
      assert.throws(() => worker.post(type, 1), { code: 'ERR_INVALID_OPTION' }, String(type));
    }
    assert.equal(await worker.send('echo', 4), 4);
  });

  test('a type of more than 1,024 bytes', async () => {
    assert.equal((await failure(worker.send('t'.repeat(1025), 1))).code, 'ERR_INVALID_OPTION');
    assert.equal((await failure(worker.send('t'.repeat(1024), 1))).code, 'ERR_UNKNOWN_MESSAGE_TYPE');
  });
});

describe('startWorkerServer refuses', () => {
  test('to serve in a process that is no worker', async () => {
    const error = await failure(startWorkerServer({ echo: () => {} }));
    assert.ok(error instanceof WorkerError);
    assert.equal(error.code, 'ERR_NOT_A_WORKER');
    assert.match(error.message, /createWorker/);
  });

  test('handlers that are no functions, and names the first', async () => {
    const handlers = { good: () => {}, bad: 'text' };
    assertInvalid(await failure(startWorkerServer(handlers as never)), '"bad"');
    assertInvalid(await failure(startWorkerServer({ handlers } as never)), '"bad"');
  });

  test('a value of busyPoll that there is not, and so does attachWorker', async () => {
    const text = "'auto' or false";
    assertInvalid(await failure(startWorkerServer({}, { busyPoll: true } as never)), text);
    assertInvalid(await failure(attachWorker({ name: 'none', busyPoll: true } as never)), text);
  });

  test('handlers that are no object', async () => {
    for (const handlers of [undefined, null, 'text', () => {}]) {
      assertInvalid(await failure(startWorkerServer(handlers as never)), 'handlers');
    }
  });

  test('to be called twice in a worker, and the first server goes on', async (t) => {
    const worker = await createWorker<Loose>({ script: fixture('twice') });
    t.after(() => worker.close());
    const { code, message } = await worker.send('second', undefined);
    assert.equal(code, 'ERR_INVALID_OPTION');
    assert.match(message, /twice/);
  });

  test('handlers that are no functions in a worker, and the host receives the error', async () => {
    const error = await failure(createWorker({ script: fixture('no-functions'), stdio: 'pipe' }));
    assert.equal(error.code, 'ERR_WORKER_CRASHED');
    assert.match(error.stderr.join('\n'), /ERR_INVALID_OPTION/);
    assert.match(error.stderr.join('\n'), /"bad"/);
  });
});

function cycle() {
  const value: { self?: unknown } = {};
  value.self = value;
  return value;
}
