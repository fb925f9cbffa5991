import type { Readable } from 'node:stream';

import { createWorker } from 'isolated-workers';
import type { DefineMessages, Driver, ShutdownReason, WorkerClient, WorkerHandle } from 'isolated-workers';
import { WorkerThreadsDriver } from 'isolated-workers/drivers';

import type { Equal, Expect, Has } from './expect.cjs';
import type { Messages } from './messages.cjs';

type ProcessClient = WorkerClient<Messages>;
type ThreadClient = WorkerClient<Messages, WorkerThreadsDriver>;
type AnyClient = WorkerClient<Messages, Driver>;

export type AProcessCanBeReconnectedTo = Expect<
  Equal<[ReturnType<ProcessClient['disconnect']>, ReturnType<ProcessClient['reconnect']>], [Promise<void>, Promise<void>]>
>;
export type AThreadCannotBeReconnectedTo = Expect<
  Equal<[Has<ThreadClient, 'disconnect'>, Has<ThreadClient, 'reconnect'>], [false, false]>
>;
export type AWorkerOfAnUnknownDriverCannotBeReconnectedTo = Expect<
  Equal<[Has<AnyClient, 'disconnect'>, Has<AnyClient, 'reconnect'>], [false, false]>
>;

export type AProcessHasAPid = Expect<Equal<ProcessClient['pid'], number>>;
export type AThreadHasNoPid = Expect<Equal<ThreadClient['pid'], undefined>>;
export type AWorkerOfAnUnknownDriverMayHaveAPid = Expect<Equal<AnyClient['pid'], number | undefined>>;

export type CapabilitiesAreLiteral = Expect<
  Equal<
    [ProcessClient['capabilities']['reconnect'], ThreadClient['capabilities']['reconnect'], AnyClient['capabilities']['reconnect']],
    [true, false, boolean]
  >
>;

export async function membersAreTypedAndReadOnly(worker: ProcessClient): Promise<void> {
  const { name, isActive, isConnected, stdout, stderr } = worker;
  type _ = Expect<
    Equal<
      [typeof name, typeof isActive, typeof isConnected, typeof stdout, typeof stderr],
      [string, boolean, boolean, Readable | null, Readable | null]
    >
  >;
  await worker.ref().unref().close({ timeout: 100 });
  // @ts-expect-error
  worker.pid = 1;
  // @ts-expect-error
  await worker.close(100);
}

export function aWorkerIsDisposable(worker: ThreadClient): { [Symbol.asyncDispose](): PromiseLike<void> } {
  return worker;
}

export function aWorkerOfAnyDriverWillDo(process: ProcessClient, thread: ThreadClient): AnyClient[] {
  return [process, thread];
}

export function aThreadIsNoProcess(thread: ThreadClient): ProcessClient {
  // @ts-expect-error
  return thread;
}

type Needed = DefineMessages<{ load: { payload: { config: string }; result: { loaded: boolean } } }>;
type OtherPayload = DefineMessages<{ load: { payload: { file: string }; result: { loaded: boolean } } }>;
type OtherResult = DefineMessages<{ load: { payload: { config: string }; result: boolean } }>;

export function aClientMayHaveMoreMessagesThanAreNeeded(
  process: ProcessClient,
  thread: ThreadClient,
): WorkerClient<Needed, Driver>[] {
  const one: WorkerClient<Needed> = process;
  return [one, thread];
}

export function aClientOfOtherMessagesWillNotDo(process: ProcessClient, thread: ThreadClient): void {
  // @ts-expect-error
  process satisfies WorkerClient<OtherPayload>;
  // @ts-expect-error
  process satisfies WorkerClient<OtherResult>;
  // @ts-expect-error
  thread satisfies WorkerClient<OtherPayload, WorkerThreadsDriver>;
  // @ts-expect-error
  thread satisfies WorkerClient<Needed & { more: { payload: string } }, WorkerThreadsDriver>;
}

export function workersOfAnyKindFitInOneList(process: ProcessClient, thread: ThreadClient): Promise<ShutdownReason[]> {
  const workers: WorkerClient<any, any>[] = [process, thread];
  const handles: WorkerHandle[] = [process, thread];
  return Promise.all([...workers, ...handles].map((worker) => worker.close()));
}

export async function theDriverIsInferredWhereNoTypesAreGiven(): Promise<void> {
  const worker = await createWorker({ script: './worker.js', driver: WorkerThreadsDriver });
  type _ = Expect<Equal<typeof worker.pid, undefined>>;
}
