// Loggers and levels, in the host and in the worker.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, test } from 'node:test';

import { createWorker, defaultLogger, type Logger, type LogLevel } from 'isolated-workers';

import { fixture, start, type Messages } from '../fixtures/support.mjs';

const levels = ['debug', 'info', 'warn', 'error'] as const;

function recorder() {
  const lines: { level: string; message: string; details: unknown[] }[] = [];
  const record =
    (level: string) =>
    (message: string, ...details: unknown[]) =>
      void lines.push({ level, message, details });
  const logger = Object.fromEntries(levels.map((level) => [level, record(level)])) as unknown as Logger;
  return { lines, logger };
}

/** Logs at `error` by a post that middleware refuses, at `warn` by a close in vain, at `debug` all along. */
async function life(logger: Logger | undefined, logLevel: LogLevel | undefined) {
  const worker = await createWorker<any>({
    script: fixture('stubborn.mjs'),
    name: 'subject',
    logger,
    logLevel,
    async middleware(message) {
      if (message.payload === 'refuse') throw new Error('refused');
    },
  });
  worker.post('echo', 'refuse');
  await worker.send('echo', 1);
  worker.post('blockForever');
  await worker.close({ timeout: 50 });
}

for (const [logLevel, expected] of [
  ['silent', []],
  ['error', ['error']],
  ['warn', ['error', 'warn']],
  ['info', ['error', 'warn']],
  ['debug', ['debug', 'error', 'warn']],
  [undefined, ['error', 'warn']],
] as const) {
  test(`logLevel ${logLevel ?? 'by default'} passes: ${expected.join(', ') || 'nothing'}`, async () => {
    const { lines, logger } = recorder();
    await life(logger, logLevel);
    assert.deepEqual([...new Set(lines.map(({ level }) => level))].toSorted(), expected);
    for (const { message } of lines) assert.match(message, /^\[isolated-workers\] subject: /);
  });
}

test('A logger that throws affects no worker', async () => {
  const fail = () => {
    throw new Error('the logger is broken');
  };
  await life({ debug: fail, info: fail, warn: fail, error: fail }, 'debug');
});

test('A logger whose promises reject affects no worker', async () => {
  const fail = async () => {
    throw new Error('the logger is broken');
  };
  await life({ debug: fail, info: fail, warn: fail, error: fail }, 'debug');
});

test('The library calls a logger as a method of its object', async () => {
  class Counter implements Logger {
    count = 0;
    debug() {
      this.count++;
    }
    info() {}
    warn() {}
    error() {}
  }
  const counter = new Counter();
  const worker = await createWorker<Messages>({ script: fixture('echo.mjs'), logger: counter, logLevel: 'debug' });
  await worker.close();
  assert.ok(counter.count > 0);
});

test('The default logger writes each level to standard error', (t) => {
  const error = t.mock.method(console, 'error', () => {});
  const log = t.mock.method(console, 'log', () => {});
  for (const level of levels) defaultLogger[level]('a line', level);
  assert.deepEqual(
    error.mock.calls.map((call) => call.arguments),
    levels.map((level) => ['a line', level]),
  );
  assert.equal(log.mock.callCount(), 0);
});

test('A healthy worker logs nothing by default', async () => {
  const { lines, logger } = recorder();
  const worker = await createWorker<Messages>({ script: fixture('echo.mjs'), logger });
  await worker.send('echo', 1);
  await worker.close();
  assert.deepEqual(lines, []);
});

for (const options of [{ logLevel: 'loud' }, { logLevel: null }, { logger: 7 }, { logger: 'console' }]) {
  test(`createWorker refuses the option ${JSON.stringify(options)}`, async (t) => {
    await assert.rejects(start(t, options as never), { name: 'WorkerError', code: 'ERR_INVALID_OPTION' });
  });
}

describe('In the worker', () => {
  test('the logger of the server receives failed notifications', async (t) => {
    const worker = await start(t, {
      script: fixture('logging.mjs'),
      argv: ['prints', 'error'],
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface(worker.stdout!);
    worker.post('fall', 'nobody waits');
    const [line] = (await once(lines, 'line')) as [string];
    assert.match(line, /^error: \[isolated-workers\] logging\.mjs: .*"fall".*nobody waits/);
  });

  test('a level drops lower levels', async (t) => {
    const worker = await start(t, {
      script: fixture('logging.mjs'),
      argv: ['prints', 'silent'],
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines: string[] = [];
    const reader = createInterface(worker.stdout!).on('line', (line) => lines.push(line));
    const end = once(reader, 'close');
    worker.post('fall', 'nobody waits');
    await worker.send('echo', 1);
    await worker.close();
    await end;
    assert.deepEqual(lines, []);
  });

  test('A logger that throws affects no worker', async (t) => {
    const worker = await start(t, { script: fixture('logging.mjs'), argv: ['throws', 'debug'] });
    worker.post('fall', 'nobody waits');
    assert.equal(await worker.send('echo', 1), 1);
  });
});
