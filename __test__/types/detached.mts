import { attachWorker, createWorker, defineMessages, JsonSerializer } from 'isolated-workers';
import type {
  AttachOptions,
  DefineMessages,
  HandledMessagesOf,
  KeptResult,
  MessagesOf,
  StandardSchema,
  WorkerClient,
  WorkerOptions,
} from 'isolated-workers';
import { ChildProcessDriver, WorkerThreadsDriver } from 'isolated-workers/drivers';

import type { Equal, Expect } from './expect.cjs';
import type { Messages } from './messages.cjs';

export async function aProcessMayBeDetached(): Promise<void> {
  const worker = await createWorker<Messages>({
    script: './worker.js',
    detached: true,
    name: 'a',
    socketPath: '/run/a.sock',
    keepResults: 10,
    maxHosts: 4,
    idleTimeout: 60_000,
  });
  await createWorker<Messages>({ script: './worker.js', driverOptions: { detached: true, keepResults: Infinity } });
  const { socketPath } = worker;
  type _ = Expect<Equal<typeof socketPath, string | undefined>>;
  // @ts-expect-error
  await createWorker<Messages>({ script: './worker.js', detached: 'yes' });
  // @ts-expect-error
  await createWorker<Messages>({ script: './worker.js', keepResults: '10' });
}

export async function aThreadMayNotBeDetached(): Promise<void> {
  const options = { script: './worker.js', driver: WorkerThreadsDriver };
  // @ts-expect-error
  await createWorker<Messages, WorkerThreadsDriver>({ ...options, driverOptions: { detached: true } });
}

export async function anAttachedWorkerIsAWorkerLikeAnyOther(): Promise<void> {
  const worker = await attachWorker<Messages>({ name: 'a' });
  type _ = Expect<Equal<typeof worker, WorkerClient<Messages>>>;
  const { sum } = await worker.send('compute', { values: [1] });
  sum satisfies number;
  await worker.disconnect();
  await worker.reconnect();
  // @ts-expect-error
  await worker.send('compute', { values: 1 });
}

export async function everyOptionOfAttachingIsTyped(name: string | undefined): Promise<void> {
  await attachWorker({ socketPath: '/run/a.sock', takeOver: true });
  await attachWorker<Messages>({
    name,
    serializer: new JsonSerializer(),
    timeout: { startup: 1_000, types: { load: 0 } },
    middleware: [(message) => message],
    txIdGenerator: (message) => message.type,
    maxMessageSize: 10_000,
    busyPoll: 'auto',
    logLevel: 'silent',
    unresponsiveAfter: 100,
  });
  // @ts-expect-error
  await attachWorker({ name: 'a', busyPoll: true });
  // @ts-expect-error
  await attachWorker();
  // @ts-expect-error
  await attachWorker({ name: 1 });
  // @ts-expect-error
  await attachWorker({ name: 'a', takeOver: 'yes' });
  // @ts-expect-error What starts a worker is the first host's.
  await attachWorker({ name: 'a', script: './worker.js' });
  // @ts-expect-error
  await attachWorker({ name: 'a', startupData: 1 });
}

declare const schema: <I, O = I>() => StandardSchema<I, O>;
const messages = defineMessages({
  load: { payload: schema<string, number>(), result: schema<{ text: string }, { text: number }>() },
  stop: {},
});
const hostMessages = defineMessages({
  price: { payload: schema<string, { id: number }>(), result: schema<string, number>() },
});

export async function attachingTakesValidatorsForBothDirections(): Promise<void> {
  const worker = await attachWorker({
    name: 'a',
    messages,
    hostMessages,
    handlers: { price: ({ id }: { id: number }) => id.toFixed() },
  });
  type _ = Expect<
    Equal<
      typeof worker,
      WorkerClient<MessagesOf<typeof messages>, ChildProcessDriver, HandledMessagesOf<typeof hostMessages>>
    >
  >;
  (await worker.send('load', '1')).text.toFixed();
  await worker.send('stop');
  const plain = await attachWorker({ name: 'a', messages });
  type _Plain = Expect<Equal<typeof plain, WorkerClient<MessagesOf<typeof messages>>>>;
  await attachWorker<typeof messages, typeof hostMessages>({ name: 'a', messages, hostMessages });
  worker.on('notification', (message) => {
    message.type satisfies 'price';
  });
  // @ts-expect-error The validator takes a string.
  await worker.send('load', 1);
  // @ts-expect-error There is no such message.
  await worker.send('unload');
  // @ts-expect-error A handler of the host returns what the validator takes.
  await attachWorker({ name: 'a', messages, hostMessages, handlers: { price: ({ id }) => id } });
  // @ts-expect-error A handler of the host gets what the validator makes.
  await attachWorker({ name: 'a', messages, hostMessages, handlers: { price: (id: string) => id } });
  // @ts-expect-error A type is no validator.
  await attachWorker({ name: 'a', messages: { load: { payload: String } } });
  // @ts-expect-error They go with `messages`.
  await attachWorker<Messages>({ name: 'a', hostMessages });
}

export async function attachingTakesTheHostsHandlers(): Promise<void> {
  type HostMessages = DefineMessages<{ price: { payload: { id: number }; result: string } }>;
  const worker = await attachWorker<Messages, HostMessages>({
    name: 'a',
    handlers: { price: async ({ id }, { signal }) => (signal.aborted ? '' : id.toFixed()) },
    maxPendingBytes: 1_000,
    whenFull: 'reject',
  });
  type _ = Expect<Equal<typeof worker, WorkerClient<Messages, ChildProcessDriver, HostMessages>>>;
  // @ts-expect-error
  await attachWorker<Messages, HostMessages>({ name: 'a', handlers: { price: ({ id }) => id } });
  // @ts-expect-error
  await attachWorker<Messages, HostMessages>({ name: 'a', handlers: { prize: () => '' } });
}

export function keptResultsAreTold(worker: WorkerClient<Messages>): void {
  worker.on('keptResult', (kept) => {
    type _ = Expect<Equal<typeof kept, KeptResult>>;
    const { type, tx, result, error } = kept;
    type _Members = Expect<
      Equal<[typeof type, typeof tx, typeof result, typeof error], [string, string, unknown, Error | undefined]>
    >;
  });
  worker.once('disconnect', () => {}).once('reconnect', () => {});
  // @ts-expect-error
  worker.on('keptResults', () => {});
}

export const optionsMayBeMadeBeforehand: [AttachOptions<Messages>, WorkerOptions<Messages>] = [
  { name: 'a' },
  { script: './worker.js', detached: true },
];
