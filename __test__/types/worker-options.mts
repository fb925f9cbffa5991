import { createWorker, defaultLogger, JsonSerializer } from 'isolated-workers';
import type { TimeoutConfig, WorkerClient, WorkerOptions } from 'isolated-workers';
import { ChildProcessDriver } from 'isolated-workers/drivers/child-process';

import type { Equal, Expect } from './expect.cjs';
import type { Messages } from './messages.cjs';

export async function aScriptIsEnough(): Promise<void> {
  const untyped = await createWorker({ script: './worker.js' });
  const typed = await createWorker<Messages>({ script: new URL('./worker.js', 'file:///app/') });
  type _ = Expect<Equal<[typeof untyped, typeof typed], [WorkerClient, WorkerClient<Messages>]>>;
}

export async function everyOptionIsTyped(): Promise<void> {
  await createWorker<Messages>({
    script: './worker.js',
    name: 'worker',
    startupData: { any: ['thing'] },
    serializer: new JsonSerializer({ terminator: '\0' }),
    timeout: { startup: 1_000, serverConnect: 1_000, message: Infinity, types: { load: 0 } },
    middleware: [(message) => message],
    txIdGenerator: (message) => message.type,
    maxMessageSize: 1_024,
    busyPoll: false,
    logger: defaultLogger,
    logLevel: 'silent',
    waitForReady: false,
    execPath: process.execPath,
    execArgv: ['--no-warnings'],
    argv: process.argv,
    env: process.env,
    cwd: new URL('file:///app/'),
    stdio: ['ignore', 'pipe', 'inherit'],
    maxPendingBytes: Infinity,
    whenFull: 'reject',
    resourceLimits: { maxOldGenerationSizeMb: 1, maxYoungGenerationSizeMb: 1, maxRssMb: 1, maxCpuSeconds: 1, nice: 1 },
    killTree: true,
    onOutput: (line, source, worker) => {
      type _ = Expect<Equal<[typeof line, typeof source, typeof worker], [string, 'stdout' | 'stderr', string]>>;
    },
    driver: new ChildProcessDriver(),
    driverOptions: { stdio: 'pipe', killTree: true },
  });
  await createWorker<Messages>({ script: './worker.js', timeout: 1_000, middleware: () => {}, stdio: 'ignore' });
}

export async function anOptionMayBeUndefined(name: string | undefined, timeout: number | undefined): Promise<void> {
  await createWorker<Messages>({ script: './worker.js', name, timeout });
  await createWorker<Messages>({ script: './worker.js', timeout: { message: timeout, types: { load: timeout } } });
}

export async function wrongOptionsAreRejected(): Promise<void> {
  // @ts-expect-error
  await createWorker<Messages>({});
  // @ts-expect-error
  await createWorker<Messages>({ script: 1 });
  // @ts-expect-error
  await createWorker<Messages>({ script: './worker.js', nmae: 'worker' });
  // @ts-expect-error
  await createWorker<Messages>({ script: './worker.js', timeout: '1s' });
  // @ts-expect-error
  await createWorker<Messages>({ script: './worker.js', timeout: { total: 1 } });
  // @ts-expect-error
  await createWorker<Messages>({ script: './worker.js', timeout: { types: { unload: 1 } } });
  // @ts-expect-error
  await createWorker<Messages>({ script: './worker.js', logLevel: 'verbose' });
  // @ts-expect-error
  await createWorker<Messages>({ script: './worker.js', whenFull: 'drop' });
  // @ts-expect-error
  await createWorker<Messages>({ script: './worker.js', resourceLimits: { maxHeap: 1 } });
  // @ts-expect-error
  await createWorker<Messages>({ script: './worker.js', stdio: ['pipe', 'ipc'] });
  // @ts-expect-error
  await createWorker<Messages>({ script: './worker.js', driverOptions: { detach: true } });
  // @ts-expect-error
  await createWorker<{ load: string }>({ script: './worker.js' });
}

export const optionsMayBeMadeBeforehand: WorkerOptions<Messages> = { script: './worker.js' };
export const timeoutsMayBeMadeBeforehand: TimeoutConfig<Messages> = { types: { compute: 5 } };
