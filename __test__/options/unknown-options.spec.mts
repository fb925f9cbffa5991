// The library refuses unknown options at each depth, and proposes the nearest name.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { runInNewContext } from 'node:vm';

import {
  attachWorker,
  ChildProcessDriver,
  createWorker,
  InProcessDriver,
  JsonSerializer,
  type WorkerError,
  WorkerThreadsDriver,
} from 'isolated-workers';

import { failure, fixture, type Loose } from '../fixtures/faults/support.mjs';
import { fixture as plain } from '../fixtures/support.mjs';

const script = fixture('worker');
const threads = { script, driver: WorkerThreadsDriver };

type Case = [unknown: string, nearest: string | undefined, options: object];

function assertUnknown(error: unknown, operation: string, unknown: string, nearest: string | undefined): void {
  // One that has ended a thread comes from there without its class.
  const { code, message } = error as WorkerError;
  assert.equal(code, 'ERR_INVALID_OPTION', String(error));
  assert.ok(message.includes(`${operation} does not know the option \`${unknown}\`.`), message);
  if (nearest !== undefined) assert.ok(message.includes(`The nearest that it knows is \`${nearest}\`.`), message);
}

const retry = { strategy: 'retry' };

describe('createWorker refuses the option', () => {
  const cases: Case[] = [
    ['spawnOptions', 'driverOptions', { spawnOptions: {} }],
    ['timeouts', 'timeout', { timeouts: 5 }],
    ['Timeout', 'timeout', { Timeout: 5 }],
    ['max_message_size', 'maxMessageSize', { max_message_size: 5000 }],
    ['startupTimeout', 'timeout.startup', { startupTimeout: 5 }],
    ['message', 'timeout.message', { message: 5 }],
    ['attempts', 'unexpectedShutdown.attempts', { attempts: 5 }],
    ['workerData', 'driverOptions.workerData', { workerData: 5 }],
    ['maxRssMb', 'resourceLimits.maxRssMb', { maxRssMb: 500 }],
    ['constructor', undefined, { constructor: 5 }],
    ['__proto__', undefined, JSON.parse('{ "__proto__": 5 }') as object],
    ['timeout.messages', 'timeout.message', { timeout: { messages: 50 } }],
    ['timeout.WORKER_STARTUP', 'timeout.startup', { timeout: { WORKER_STARTUP: 50 } }],
    ['timeout.SERVER_CONNECT', 'timeout.serverConnect', { timeout: { SERVER_CONNECT: 50 } }],
    ['unexpectedShutdown.attemps', 'unexpectedShutdown.attempts', { unexpectedShutdown: { ...retry, attemps: 3 } }],
    [
      'unexpectedShutdown.types.echo.attemps',
      'unexpectedShutdown.types.echo.attempts',
      { unexpectedShutdown: { ...retry, types: { echo: { ...retry, attemps: 3 } } } },
    ],
    ['unexpectedShutdown.type', 'unexpectedShutdown.types', { unexpectedShutdown: { ...retry, type: {} } }],
  ];
  for (const [unknown, nearest, options] of cases) {
    test(unknown, async () => {
      const all = Object.assign(Object.create(null) as object, { script });
      for (const [name, value] of Object.entries(options))
        Object.defineProperty(all, name, { value, enumerable: true });
      assertUnknown(await failure(createWorker(all as never)), 'createWorker', unknown, nearest);
    });
  }

  test('that resembles no option, and lists all options', async () => {
    const error = await failure(createWorker({ script, timeout: { zzzzzzzzz: 1 } } as never));
    assertUnknown(error, 'createWorker', 'timeout.zzzzzzzzz', undefined);
    assert.match(
      error.message,
      /It knows `timeout\.startup`, `timeout\.serverConnect`, `timeout\.message`, `timeout\.types`/,
    );
  });

  const drivers: [driver: string, ...Case][] = [
    ['child_process', 'driverOptions.execArg', 'driverOptions.execArgv', { driverOptions: { execArg: [] } }],
    ['child_process', 'resourceLimits.maxRss', 'resourceLimits.maxRssMb', { resourceLimits: { maxRss: 5 } }],
    [
      'worker_threads',
      'driverOptions.workerdata',
      'driverOptions.workerData',
      { ...threads, driverOptions: { workerdata: 5 } },
    ],
    [
      'worker_threads',
      'resourceLimits.stackSize',
      'resourceLimits.stackSizeMb',
      { ...threads, driverOptions: { resourceLimits: { stackSize: 5 } } },
    ],
    ['in_process', 'driverOptions.anything', undefined, { driver: InProcessDriver, driverOptions: { anything: 5 } }],
  ];
  for (const [driver, unknown, nearest, options] of drivers) {
    test(`${unknown} of the driver ${driver}`, async () => {
      const error = await failure(createWorker({ script, ...options } as never));
      assertUnknown(error, `the driver "${driver}"`, unknown, nearest);
    });
  }

  test('of another driver, and names that driver', async () => {
    for (const [options, able] of [
      [{ driverOptions: { workerData: 5 } }, 'worker_threads'],
      [{ resourceLimits: { stackSizeMb: 4 } }, 'worker_threads'],
      [{ ...threads, driverOptions: { killTree: true } }, 'child_process'],
      [{ ...threads, driverOptions: { resourceLimits: { nice: 4 } } }, 'child_process'],
    ] as [object, string][]) {
      const error = await failure(createWorker({ script, ...options } as never));
      assert.equal(error.code, 'ERR_UNSUPPORTED_BY_DRIVER');
      assert.ok(error.message.includes(`The driver "${able}" does.`), error.message);
    }
  });
});

test('attachWorker refuses options of createWorker, and unknown ones', async () => {
  const cases: Case[] = [
    ['script', undefined, { script }],
    ['takeover', 'takeOver', { takeover: true }],
    ['timeout.messages', 'timeout.message', { timeout: { messages: 1 } }],
  ];
  for (const [unknown, nearest, options] of cases) {
    const error = await failure(attachWorker({ name: 'nobody', ...options } as never));
    assertUnknown(error, 'attachWorker', unknown, nearest);
  }
});

test('A serializer and a message definition refuse unknown members', async () => {
  assert.throws(
    () => new JsonSerializer({ terminater: '\0' } as never),
    (error) => (assertUnknown(error, 'JsonSerializer', 'terminater', 'terminator'), true),
  );
  const error = await failure(createWorker({ script, messages: { echo: { paylaod: 1 } } } as never));
  assertUnknown(error, 'a message definition', 'messages.echo.paylaod', 'messages.echo.payload');
});

for (const driver of [ChildProcessDriver, WorkerThreadsDriver, InProcessDriver]) {
  describe(`with the ${driver.name}`, () => {
    const quiet = driver === ChildProcessDriver ? { stdio: 'ignore' } : {};
    const startupData = { options: undefined, single: false };
    let worker: any;
    before(async () => {
      const handlers = { number: () => 7 };
      worker = await createWorker<Loose, any>({
        script: plain('serve-with.mjs'),
        driver,
        startupData,
        handlers,
      } as never);
    });
    after(() => worker.close());

    const sent: Case[] = [
      ['timeOut', 'timeout', { timeOut: 5 }],
      ['abortSignal', 'signal', { abortSignal: AbortSignal.abort() }],
      ['onprogress', 'onProgress', { timeout: 5, onprogress: () => {} }],
      ['escalate.killafter', 'escalate.killAfter', { escalate: { killafter: 5 } }],
    ];
    for (const [unknown, nearest, options] of sent) {
      test(`send and stream refuse ${unknown}, and send nothing`, async () => {
        assertUnknown(await failure(worker.send('echo', 1, options as never)), 'send', unknown, nearest);
        const { result } = worker.stream('echo', 1, options as never);
        assertUnknown(await failure(result), 'stream', unknown, nearest);
        assert.equal(await worker.send('echo', 2), 2);
      });
    }

    test('post refuses options of send', () => {
      assert.throws(
        () => worker.post('echo', 1, { timeout: 5 } as never),
        (error) => (assertUnknown(error, 'post', 'timeout', undefined), true),
      );
    });

    test('sendSync refuses options of send', { skip: driver === InProcessDriver && 'it has no sendSync' }, () => {
      assert.throws(
        () => worker.sendSync('echo', 1, { signal: AbortSignal.abort() } as never),
        (error) => (assertUnknown(error, 'sendSync', 'signal', undefined), true),
      );
    });

    test('requests of a worker to its host refuse them, too', async () => {
      for (const [operation, options, nearest] of [
        ['send', { timeOut: 5 }, 'timeout'],
        ['stream', { timeOut: 5 }, 'timeout'],
        ['post', { transfers: [] }, 'transfer'],
      ] as const) {
        const error = await failure(worker.send('ask', { operation, options }));
        assertUnknown(error, operation, Object.keys(options)[0] as string, nearest);
      }
      assert.equal(await worker.send('ask', { operation: 'send', options: { timeout: 5000 } }), 7);
    });

    test('the calls that end a worker refuse them, and the worker lives on', async () => {
      const { close, terminate, kill, health } = worker as unknown as Record<
        string,
        (options: object) => Promise<void>
      >;
      for (const [operation, act, unknown, nearest] of [
        ['close', close, 'timeOut', 'timeout'],
        ['terminate', terminate, 'timeout', undefined],
        ['kill', kill, 'signal', undefined],
        ['health', health, 'blockAfter', 'blockedAfter'],
      ] as const) {
        const error = await failure((act as typeof close & object).call(worker, { [unknown]: 5 }));
        assertUnknown(error, operation, unknown, nearest);
      }
      assert.equal(worker.isActive, true);
      assert.equal(await worker.send('echo', 3), 3);
    });

    for (const single of [false, true]) {
      test(`startWorkerServer with ${single ? 'one argument' : 'two arguments'} refuses them`, async () => {
        for (const [unknown, nearest, options] of [
          ['maxConcurency', 'maxConcurrency', { maxConcurency: 5 }],
          ['timeout.startup', undefined, { timeout: { startup: 5 } }],
          ['maxMessageSize', undefined, { maxMessageSize: 5 }],
        ] as Case[]) {
          const crash = await failure(
            createWorker({
              script: plain('serve-with.mjs'),
              driver,
              startupData: { options, single },
              ...quiet,
            } as never),
          );
          assert.equal(crash.code, 'ERR_WORKER_CRASHED');
          assertUnknown(crash.cause, 'startWorkerServer', unknown, nearest);
        }
      });
    }
  });
}

describe('createWorker accepts', () => {
  test('undefined options, whatever their names', async () => {
    const worker = await createWorker<Loose>({
      script,
      spawnOptions: undefined,
      timeout: { messages: undefined },
    } as never);
    assert.equal(await worker.send('echo', 1, { timeOut: undefined } as never), 1);
    await worker.close({ timeOut: undefined } as never);
  });

  test('members that a program has added to Object.prototype', async (t) => {
    // oxlint-disable-next-line eslint/no-extend-native -- other libraries do
    Object.defineProperty(Object.prototype, 'polyfill', { value: 1, enumerable: true, configurable: true });
    t.after(() => delete (Object.prototype as { polyfill?: number }).polyfill);
    const worker = await createWorker<Loose>({ script, timeout: { message: 5000 } });
    assert.equal(await worker.send('echo', 1, { timeout: 5000 }), 1);
    await worker.close({ timeout: 5000 });
  });

  test('options of another realm', async () => {
    const worker = await createWorker<Loose>({ script });
    const options = runInNewContext('({ timeout: 5000 })') as { timeout: number };
    assert.equal(await worker.send('echo', 1, options), 1);
    await worker.close(options);
  });

  test('close, terminate and kill as listeners of other emitters', async () => {
    for (const name of ['close', 'terminate', 'kill'] as const) {
      const worker = await createWorker<Loose>({ script });
      const end = worker[name].bind(worker) as (...details: unknown[]) => Promise<unknown>;
      await (name === 'close' ? end(new Event('abort')) : end('SIGTERM', 15));
      assert.equal(worker.isActive, false);
    }
  });
});
