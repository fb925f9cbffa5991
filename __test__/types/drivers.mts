import { createWorker } from 'isolated-workers';
import type {
  CapabilitiesOf,
  Driver,
  DriverCapabilities,
  DriverChannel,
  DriverMessage,
  DriverOptionsFor,
  DriverValue,
} from 'isolated-workers';
import { ChildProcessDriver, WorkerThreadsDriver } from 'isolated-workers/drivers';
import { ChildProcessDriver as ChildProcessDriverAlone } from 'isolated-workers/drivers/child-process';
import { WorkerThreadsDriver as WorkerThreadsDriverAlone } from 'isolated-workers/drivers/worker-threads';

import type { Equal, Expect } from './expect.cjs';
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
    [typeof ChildProcessDriverAlone, typeof WorkerThreadsDriverAlone],
    [typeof ChildProcessDriver, typeof WorkerThreadsDriver]
  >
>;
export type ADriverTellsItsOptions = Expect<Equal<DriverOptionsFor<CustomDriver>, Options>>;
export type ADriverWithoutOptionsTakesAny = Expect<Equal<DriverOptionsFor<Driver>, unknown>>;
export type ADriverTellsItsCapabilities = Expect<Equal<CapabilitiesOf<CustomDriver>, Capabilities>>;
export type CapabilitiesOfTheChildProcessDriver = Expect<
  Equal<
    { [K in keyof DriverCapabilities]: CapabilitiesOf<ChildProcessDriver>[K] },
    { reconnect: true; detach: true; sharedMemory: false }
  >
>;
export type CapabilitiesOfTheWorkerThreadsDriver = Expect<
  Equal<
    { [K in keyof DriverCapabilities]: CapabilitiesOf<WorkerThreadsDriver>[K] },
    { reconnect: false; detach: false; sharedMemory: true }
  >
>;

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
  await createWorker<Messages>({ script: './worker.js', driver: new WorkerThreadsDriver() });
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
