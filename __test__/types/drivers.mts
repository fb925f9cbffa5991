import { createWorker, defineWorkerDriver, startWorkerServer, withTransfer } from 'isolated-workers';
import type {
  CapabilitiesOf,
  CoreChannel,
  Driver,
  DriverCapabilities,
  DriverChannel,
  DriverMessage,
  DriverOptionsFor,
  DriverServerChannel,
  DriverValue,
  InProcessOptions,
  PidOf,
  ProcessOptions,
  ThreadOptions,
  WorkerClient,
} from 'isolated-workers';
import { ChildProcessDriver, InProcessDriver, WorkerThreadsDriver } from 'isolated-workers/drivers';
import { ChildProcessDriver as ChildProcessDriverAlone } from 'isolated-workers/drivers/child-process';
import { WorkerThreadsDriver as WorkerThreadsDriverAlone } from 'isolated-workers/drivers/worker-threads';

import { InProcessDriver as InProcessDriverAlone } from 'isolated-workers/drivers/in-process';

import type { Equal, Expect, Has } from './expect.cjs';
import type { Messages } from './messages.cjs';

interface Capabilities extends DriverCapabilities {
  reconnect: false;
  detach: false;
  sharedMemory: false;
}

interface Options {
  host: string;
}

class CustomDriver implements Driver<Capabilities, Options> {
  readonly name = 'custom';
  readonly capabilities: Capabilities = { reconnect: false, detach: false, sharedMemory: false };

  async spawn(script: string, options: Options): Promise<DriverChannel> {
    throw new Error(`${script} on ${options.host}`);
  }
}

export type TheSubpathsGiveTheSameDrivers = Expect<
  Equal<
    [typeof ChildProcessDriverAlone, typeof WorkerThreadsDriverAlone, typeof InProcessDriverAlone],
    [typeof ChildProcessDriver, typeof WorkerThreadsDriver, typeof InProcessDriver]
  >
>;
export type ADriverTellsItsOptions = Expect<Equal<DriverOptionsFor<CustomDriver>, Options>>;
export type ADriverWithoutOptionsTakesAny = Expect<Equal<DriverOptionsFor<Driver>, unknown>>;
export type ADriverTellsItsCapabilities = Expect<Equal<CapabilitiesOf<CustomDriver>, Capabilities>>;
export type CapabilitiesOfTheChildProcessDriver = Expect<
  Equal<
    { [K in keyof DriverCapabilities]: CapabilitiesOf<ChildProcessDriver>[K] },
    { reconnect: true; detach: true; sharedMemory: false; sync?: true }
  >
>;
export type CapabilitiesOfTheWorkerThreadsDriver = Expect<
  Equal<
    { [K in keyof DriverCapabilities]: CapabilitiesOf<WorkerThreadsDriver>[K] },
    { reconnect: false; detach: false; sharedMemory: true; sync?: true }
  >
>;

export type CapabilitiesOfTheInProcessDriver = Expect<
  Equal<
    { [K in keyof DriverCapabilities]: CapabilitiesOf<InProcessDriver>[K] },
    { reconnect: false; detach: false; sharedMemory: true; sync?: false }
  >
>;
export type OptionsOfTheDriversOfTheLibrary = Expect<
  Equal<
    [DriverOptionsFor<ChildProcessDriver>, DriverOptionsFor<WorkerThreadsDriver>, DriverOptionsFor<InProcessDriver>],
    [ProcessOptions, ThreadOptions, InProcessOptions]
  >
>;
export type ProcessIdsOfTheDriversOfTheLibrary = Expect<
  Equal<[PidOf<ChildProcessDriver>, PidOf<WorkerThreadsDriver>, PidOf<InProcessDriver>], [number, undefined, undefined]>
>;

export async function aThreadHasTheOptionsOfThreads(): Promise<void> {
  const worker = await createWorker<Messages, WorkerThreadsDriver>({
    script: './worker.js',
    driver: WorkerThreadsDriver,
    driverOptions: {
      workerData: new Map(),
      resourceLimits: { maxOldGenerationSizeMb: 16 },
      eval: false,
      execArgv: ['--no-warnings'],
      argv: ['one'],
      env: Symbol('SHARE_ENV'),
      stdout: true,
      stderr: true,
      name: 'for debuggers',
    },
  });
  type _ = Expect<
    Equal<
      [Has<typeof worker, 'disconnect'>, Has<typeof worker, 'reconnect'>, typeof worker.pid],
      [false, false, undefined]
    >
  >;
  const driver = WorkerThreadsDriver;
  // @ts-expect-error
  await createWorker<Messages, WorkerThreadsDriver>({ script: '', driver, driverOptions: { cwd: '/' } });
  // @ts-expect-error
  await createWorker<Messages, WorkerThreadsDriver>({ script: '', driver, driverOptions: { stdout: 'pipe' } });
  // @ts-expect-error
  await createWorker<Messages>({ script: '', driverOptions: { workerData: 1 } });
}

export async function onlyWhereMemoryMovesIsThereTransfer(
  process: WorkerClient<Messages>,
  thread: WorkerClient<Messages, WorkerThreadsDriver>,
  module: WorkerClient<Messages, InProcessDriver>,
  unknown: WorkerClient<Messages, Driver>,
  any: WorkerClient<any, any>,
): Promise<void> {
  const transfer = [new ArrayBuffer(8)];
  const [load, log] = [{ config: '' }, { line: '' }];
  for (const worker of [thread, module]) {
    await worker.send('load', load, { transfer, timeout: 1 });
    worker.post('log', log, { transfer });
  }
  await any.send('load', load, { transfer });
  // @ts-expect-error
  await process.send('load', load, { transfer });
  // @ts-expect-error
  process.post('log', log, { transfer });
  // @ts-expect-error
  await unknown.send('load', load, { transfer });
  // @ts-expect-error
  await thread.send('load', load, { transfer: new ArrayBuffer(8) });
  await process.send('load', load, { timeout: 1, transfer: undefined });
  await unknown.send('load', load, { timeout: 1 });
}

export function whatAHandlerMovesHasTheTypeOfItsResult(): void {
  const bytes = new Uint8Array(8);
  const moved = withTransfer({ bytes }, [bytes.buffer as ArrayBuffer]);
  type _ = Expect<Equal<typeof moved, { bytes: typeof bytes }>>;
  // @ts-expect-error
  withTransfer(bytes);
  void startWorkerServer<Pick<Messages, 'compute'>>({ compute: () => withTransfer({ sum: 1 }, []) });
  // @ts-expect-error
  void startWorkerServer<Pick<Messages, 'compute'>>({ compute: () => withTransfer({ total: 1 }, []) });
}

declare const aChannel: DriverChannel;
declare const serverChannel: DriverServerChannel;

export async function whatADriverCanDoIsInferredFromItsDefinition(): Promise<void> {
  const plain = defineWorkerDriver({ name: 'plain', spawn: async (_script: string) => aChannel });
  type _ = Expect<
    Equal<
      { [K in keyof DriverCapabilities]: CapabilitiesOf<typeof plain>[K] },
      { reconnect: false; detach: false; sharedMemory: false; sync?: false }
    >
  >;
  const capable = defineWorkerDriver({
    name: 'capable',
    spawn: async (_script: string, _options: { port: number }) => ({ ...aChannel, pid: 7 }),
    createServer: () => serverChannel,
    disconnect(_channel) {},
    reconnect: async (_channel: DriverChannel & { readonly pid: number }) => aChannel,
    sharedMemory: true,
  });
  type _Capable = Expect<
    Equal<
      { [K in keyof DriverCapabilities]: CapabilitiesOf<typeof capable>[K] },
      { reconnect: true; detach: false; sharedMemory: true; sync?: false }
    >
  >;
  const worker = await createWorker({ script: '', driver: capable, driverOptions: { port: 7 } });
  type _Worker = Expect<
    Equal<
      [Has<typeof worker, 'disconnect'>, Has<typeof worker, 'reconnect'>, typeof worker.pid],
      [true, true, number]
    >
  >;
  await worker.disconnect();
  await worker.reconnect();
  await worker.send('anything', 1, { transfer: [new ArrayBuffer(8)] });
  const other = await createWorker({ script: '', driver: plain });
  type _Other = Expect<Equal<[Has<typeof other, 'reconnect'>, typeof other.pid], [false, number | undefined]>>;
  const half = defineWorkerDriver({
    name: 'half',
    spawn: async (_script: string) => aChannel,
    reconnect: () => aChannel,
  });
  type _Half = Expect<Equal<CapabilitiesOf<typeof half>['reconnect'], false>>;
  // @ts-expect-error
  await createWorker({ script: '', driver: capable, driverOptions: { port: '7' } });
}

export function theMethodsOfADefinitionHaveItAsThis(): void {
  defineWorkerDriver({
    name: 'mine',
    started: 0,
    async spawn(_script: string): Promise<DriverChannel> {
      this.started satisfies number;
      this.capabilities.reconnect satisfies false;
      this.capabilities.detach satisfies false;
      // @ts-expect-error
      this.missing();
      return this.connect();
    },
    createServer() {
      this.name satisfies string;
      return serverChannel;
    },
    connect: () => aChannel,
  });
}

export function aDefinitionThatIsNoneIsRefused(): void {
  // @ts-expect-error
  defineWorkerDriver({ name: 'lazy' });
  // @ts-expect-error
  defineWorkerDriver({ spawn: async () => aChannel });
  // @ts-expect-error
  defineWorkerDriver({ name: 'mine', spawn: () => aChannel });
  // @ts-expect-error
  defineWorkerDriver({ name: 'mine', spawn: async () => aChannel, createServer: 7 });
  // @ts-expect-error
  defineWorkerDriver({ name: 'mine', spawn: async () => aChannel, sharedMemory: 'yes' });
  // @ts-expect-error
  defineWorkerDriver({ name: 'mine', spawn: async () => aChannel, disconnect() {}, reconnect: () => 7 });
}

export function aDriverMayHandOnTheChannelOfAnother(): Driver {
  return {
    name: 'recording',
    capabilities: { reconnect: false, detach: false, sharedMemory: false },
    spawn: (script): Promise<CoreChannel> => new ChildProcessDriver().spawn(script, {}),
  };
}

export async function anInstanceOrTheClassIsADriver(): Promise<void> {
  await createWorker<Messages>({ script: './worker.js', driver: new ChildProcessDriver() });
  await createWorker<Messages>({ script: './worker.js', driver: ChildProcessDriver });
  await createWorker<Messages, WorkerThreadsDriver>({ script: './worker.js', driver: new WorkerThreadsDriver() });
  await createWorker<Messages, WorkerThreadsDriver>({ script: './worker.js', driver: WorkerThreadsDriver });
  const worker = await createWorker<Messages, CustomDriver>({
    script: './worker.js',
    driver: CustomDriver,
    driverOptions: { host: 'localhost' },
  });
  type _ = Expect<Equal<typeof worker.pid, number | undefined>>;
}

export async function theNamedAndTheGivenDriverMustAgree(): Promise<void> {
  // @ts-expect-error
  await createWorker<Messages, ChildProcessDriver>({ script: './worker.js', driver: new WorkerThreadsDriver() });
  // @ts-expect-error
  await createWorker<Messages, WorkerThreadsDriver>({ script: './worker.js', driver: ChildProcessDriver });
  // @ts-expect-error The type alone cannot choose the driver.
  await createWorker<Messages, WorkerThreadsDriver>({ script: './worker.js' });
  // @ts-expect-error
  await createWorker<Messages>({ script: './worker.js', driver: 'worker_threads' });
  // @ts-expect-error
  await createWorker<Messages, CustomDriver>({ script: './worker.js', driver: CustomDriver, driverOptions: { port: 1 } });
}

export async function anObjectLiteralIsADriver(): Promise<void> {
  const worker = await createWorker({
    script: './worker.js',
    driver: {
      name: 'literal',
      capabilities: { reconnect: true, detach: false, sharedMemory: false },
      spawn: async (script: string): Promise<DriverChannel & { readonly pid: number }> => {
        throw new Error(script);
      },
    },
  });
  type _ = Expect<Equal<typeof worker.pid, number>>;
  await worker.send('anything');
}

export function aFunctionMayLeaveTheDriverOpen<D extends Driver>(script: string, driver: DriverValue<D>) {
  return createWorker<Messages, D>({ script, driver });
}

// @ts-expect-error
export const aDriverMustSpawn: Driver = {
  name: 'lazy',
  capabilities: { reconnect: false, detach: false, sharedMemory: false },
};

export const aDriverNamesEveryCapability: Driver = {
  name: 'vague',
  // @ts-expect-error
  capabilities: { reconnect: false },
  spawn: () => Promise.reject(new Error('not implemented')),
};

export function aChannelMovesMessagesAsTheyAre(channel: DriverChannel, message: DriverMessage): void {
  void channel.send(message);
  channel.onMessage(({ type, tx, payload }) => [type satisfies string, tx satisfies string | undefined, payload]);
  channel.onClose((reason) => (reason.type === 'exit' ? (reason.code satisfies number | null) : undefined));
  // @ts-expect-error
  void channel.send({ payload: 1 });
  // @ts-expect-error
  message.type = 'other';
}
