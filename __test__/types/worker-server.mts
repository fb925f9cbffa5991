import { getStartupData, JsonSerializer, startWorkerServer } from 'isolated-workers';
import type { Handlers, WorkerServer } from 'isolated-workers';
import { ChildProcessDriver, WorkerThreadsDriver } from 'isolated-workers/drivers';

import type { Equal, Expect } from './expect.cjs';
import type { Messages } from './messages.cjs';

declare const handlers: Handlers<Messages>;

export async function handlersMayBeGivenFirst(): Promise<void> {
  const server = await startWorkerServer<Messages>(handlers);
  type _ = Expect<Equal<typeof server, WorkerServer>>;
  await startWorkerServer(handlers, { serializer: new JsonSerializer(), logLevel: 'debug', logger: console });
  server.isConnected satisfies boolean;
  for (const { pid } of server.hosts) pid satisfies number | undefined;
  server.on('connect', (host) => host.post('anything', 1)).once('disconnect', ({ isConnected }) => isConnected);
  // @ts-expect-error
  server.on('arrive', () => {});
  server.unref().ref() satisfies typeof server;
  await server.close();
}

export async function handlersMayBeOneOfTheOptions(): Promise<void> {
  await startWorkerServer<Messages>({ handlers });
  await startWorkerServer({ handlers, timeout: { serverConnect: 1_000 } });
  await startWorkerServer<Messages>({
    handlers: {
      load: async ({ config }) => ({ loaded: config.length > 0 || true }),
      compute: ({ values }) => ({ sum: values.length }),
      count: () => 1,
      log: ({ line }) => console.log(line),
      shutdown: () => {},
    },
    middleware: [(message, direction) => void [message.type, direction]],
  });
}

export async function handlersNeedNoMessageTypes(): Promise<void> {
  await startWorkerServer({ ping: () => 'pong' });
  await startWorkerServer({ handlers: { ping: () => 'pong' } });
}

export async function theDriverMayBeNamed(): Promise<void> {
  await startWorkerServer(handlers, { driver: new WorkerThreadsDriver() });
  await startWorkerServer(handlers, { driver: ChildProcessDriver });
  // @ts-expect-error
  await startWorkerServer(handlers, { driver: 'child_process' });
}

export async function handlersAreExhaustiveInBothForms(): Promise<void> {
  // @ts-expect-error
  await startWorkerServer<Messages>({ load: async () => ({ loaded: true }) });
  // @ts-expect-error
  await startWorkerServer<Messages>({ handlers: { load: async () => ({ loaded: true }) } });
  // @ts-expect-error
  await startWorkerServer<Messages>({ ...handlers, unload: () => {} });
  // @ts-expect-error
  await startWorkerServer<Messages>({ handlers: { ...handlers, unload: () => {} } });
  // @ts-expect-error
  await startWorkerServer<Messages>();
  // @ts-expect-error
  await startWorkerServer<Messages>({});
}

export async function anUnknownOptionIsRejected(): Promise<void> {
  // @ts-expect-error
  await startWorkerServer<Messages>(handlers, { serialiser: new JsonSerializer() });
  // @ts-expect-error The startup timeout is the host's.
  await startWorkerServer<Messages>(handlers, { timeout: { startup: 1_000 } });
}

export function startupDataHasTheTypeThatIsAskedFor(): void {
  const typed = getStartupData<{ endpoint: string }>();
  const untyped = getStartupData();
  type _ = Expect<Equal<[typeof typed, typeof untyped], [{ endpoint: string }, unknown]>>;
}
