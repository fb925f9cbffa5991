import { ChildProcessDriver, startWorkerServer, WorkerThreadsDriver } from 'isolated-workers';
import type { Driver, DriverCapabilities, DriverChannel, Handlers } from 'isolated-workers';
import { conformanceCases, conformanceHandlers, conformanceServer } from 'isolated-workers/conformance';
import type { ConformanceCase, ConformanceMessages, ConformanceOptions } from 'isolated-workers/conformance';

import type { Equal, Expect } from './expect.cjs';

interface Capabilities extends DriverCapabilities {
  reconnect: false;
  detach: false;
  sharedMemory: false;
}

declare class CustomDriver implements Driver<Capabilities, { host: string }> {
  readonly name: string;
  readonly capabilities: Capabilities;
  spawn(script: string, options: { host: string }): Promise<DriverChannel>;
}

declare const literal: Driver<Capabilities, { host: string }>;

export type TheCasesAreThese = Expect<Equal<ReturnType<typeof conformanceCases>, readonly ConformanceCase[]>>;
export type ACaseHasAName = Expect<Equal<ConformanceCase['name'], string>>;
export type ACaseRuns = Expect<Equal<ReturnType<ConformanceCase['run']>, Promise<void>>>;
export type TheHandlersAreThoseOfTheMessages = Expect<Equal<typeof conformanceHandlers, Handlers<ConformanceMessages>>>;

export function anInstanceTheClassOrAnObjectIsADriver(): void {
  conformanceCases({ driver: ChildProcessDriver });
  conformanceCases({ driver: new ChildProcessDriver(), driverOptions: { execArgv: [] } });
  conformanceCases({ driver: WorkerThreadsDriver, driverOptions: { name: 'a thread' }, endsAlone: true });
  conformanceCases({ driver: CustomDriver, driverOptions: { host: 'localhost' }, script: './worker.js' });
  conformanceCases({ driver: literal, driverOptions: { host: 'localhost' }, script: new URL('file:///worker.js') });
  const options: ConformanceOptions<CustomDriver> = { driver: CustomDriver, driverOptions: undefined, timeout: undefined };
  conformanceCases(options);
}

export function whatDoesNotFitIsRefused(): void {
  // @ts-expect-error
  conformanceCases({});
  // @ts-expect-error
  conformanceCases({ driver: {} });
  // @ts-expect-error
  conformanceCases({ driver: CustomDriver, driverOptions: { host: 17 } });
  // @ts-expect-error
  conformanceCases({ driver: CustomDriver, endsalone: false });
}

export async function aWorkerScriptServesTheHandlers(): Promise<void> {
  await startWorkerServer<ConformanceMessages>(conformanceHandlers, { driver: literal });
  await startWorkerServer(conformanceHandlers);
  await startWorkerServer({ ...conformanceServer, driver: literal, logLevel: 'silent' });
}
