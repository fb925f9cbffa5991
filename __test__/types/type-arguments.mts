// What may stand for the messages: interfaces, type parameters, and the types of handlers.
import { createWorker, getHost, InProcessDriver, startWorkerServer, WorkerThreadsDriver as ThreadDriver } from 'isolated-workers';
import type {
  Handlers,
  HostClient,
  MessageContext,
  MessageResult,
  MessagesFrom,
  MessageTypes,
  Middleware,
  PayloadOf,
  RequestTypeOf,
  ResultPayloadOf,
  SendOptions,
  TimeoutConfig,
  WorkerClient,
  WorkerThreadsDriver,
} from 'isolated-workers';

import type { Equal, Expect } from './expect.cjs';

interface Messages {
  load: { payload: { config: string }; result: { loaded: true }; progress: number };
  count: { payload: undefined; result: number };
  stop: { payload: void };
  tail: { payload: { file: string }; stream: string; result: { lines: number } };
  upload: { payload: { name: string }; input: Uint8Array; result: number };
}
interface HostMessages {
  lookup: { payload: { id: number }; result: string };
}

export async function anInterfaceIsATypeArgument(): Promise<void> {
  const worker = await createWorker<Messages, WorkerThreadsDriver, HostMessages>({
    script: './worker.js',
    driver: {} as WorkerThreadsDriver,
    timeout: { types: { load: 5 } },
    handlers: { lookup: ({ id }) => String(id) },
  });
  const client: WorkerClient<Messages, WorkerThreadsDriver, HostMessages> = worker;
  const { loaded } = await client.send('load', { config: 'a' });
  const chunks = client.stream('tail', { file: 'a' });
  const sum = client.sendSync('count');
  type _ = Expect<Equal<[typeof loaded, typeof chunks.result, typeof sum], [true, Promise<{ lines: number }>, number]>>;
  client.post('stop');
  const server = await startWorkerServer<Messages, HostMessages>(handlers, { timeout: { types: { lookup: 5 } } });
  const host: HostClient<HostMessages> = server.host;
  (await host.send('lookup', { id: 1 })) satisfies string;
  (await getHost<HostMessages>().send('lookup', { id: 1 })) satisfies string;
}
export type AnInterfaceIsOneOfTheOtherTypes = [
  Middleware<Messages>,
  TimeoutConfig<Messages>,
  MessageResult<Messages, 'load'>,
  MessageResult<'load', Messages>,
];
// @ts-expect-error A definition without a payload is none, in an interface either.
export type AnInterfaceHasDefinitions = WorkerClient<{ load: { result: number } }>;

const handlers: Handlers<Messages, HostMessages> = {
  load: (_, { progress, host, type }) => {
    progress(1);
    void host.send('lookup', { id: 1 });
    (type) satisfies 'load';
    return { loaded: true };
  },
  count: () => 1,
  stop: () => {},
  async *tail(_, { signal }) {
    if (!signal.aborted) yield '';
    return { lines: 1 };
  },
  upload: async (_, { input }) => {
    let bytes = 0;
    for await (const chunk of input) bytes += chunk.byteLength;
    return bytes;
  },
};

export async function aUnitTestCallsAHandlerWithoutItsContext(): Promise<void> {
  const result = await handlers.load({ config: 'a' });
  result.loaded satisfies true;
  (await handlers.count(undefined)) satisfies number;
  handlers.stop();
  // @ts-expect-error The payload is needed.
  handlers.load();
  // @ts-expect-error
  handlers.load({ config: 1 });
  // @ts-expect-error A context has its members.
  handlers.load({ config: 'a' }, {});
}

export class Pool<M extends MessageTypes<M>> {
  constructor(private readonly workers: WorkerClient<M>[]) {}

  send<K extends RequestTypeOf<M>>(
    type: K,
    payload: PayloadOf<M, K>,
    options?: SendOptions<never>,
  ): Promise<ResultPayloadOf<M, K>> {
    const [worker] = this.workers as [WorkerClient<M>];
    return worker.send(type, payload, options);
  }
}

export class ThreadPool<M extends MessageTypes<M>, H extends MessageTypes<H>> {
  constructor(private readonly worker: WorkerClient<M, WorkerThreadsDriver, H>) {}

  async send<K extends RequestTypeOf<M>>(
    type: K,
    payload: PayloadOf<M, K>,
    options?: SendOptions,
  ): Promise<ResultPayloadOf<M, K>> {
    return this.worker.send(type, payload, options);
  }
}

export async function aPoolIsTypedLikeItsWorkers(pool: Pool<Messages>): Promise<void> {
  const { loaded } = await pool.send('load', { config: 'a' }, { timeout: 5 });
  loaded satisfies true;
  // @ts-expect-error
  void pool.send('load', { config: 1 });
  // @ts-expect-error Its chunks need `stream`.
  void pool.send('tail', { file: 'a' });
  // @ts-expect-error
  void pool.send('laod', { config: 'a' });
}

export function whatIsNotSentIsRefusedByEachCall(worker: WorkerClient<Messages>): void {
  // @ts-expect-error
  void worker.send('tail');
  // @ts-expect-error
  void worker.send('upload');
  // @ts-expect-error
  worker.sendSync('load');
  // @ts-expect-error
  worker.sendSync('tail', { file: 'a' });
  // @ts-expect-error
  worker.stream('tail');
  // @ts-expect-error
  worker.stream('load', { config: 'a' });
  // @ts-expect-error
  worker.post('load');
}

const own = {
  add: ({ a, b }: { a: number; b: number }) => ({ sum: a + b }),
  find: async (name: string): Promise<string | undefined> => (name === '' ? undefined : name),
  log: (_line: { line: string }) => {},
  stop: async () => {},
  maybe: (level?: number) => level ?? 0,
  async *words(text: string) {
    yield* text.split(' ');
    return { count: 1 };
  },
  lines: (_file: string) => new ReadableStream<string>(),
  copy: async (_: void, { progress, input }: MessageContext<'copy', number, AsyncIterable<Uint8Array>>) => {
    for await (const chunk of input) progress(chunk.byteLength);
    return true;
  },
};
type Own = MessagesFrom<typeof own>;

export type MessagesAreThoseOfTheHandlers = Expect<
  Equal<
    Own,
    {
      add: { payload: { a: number; b: number }; result: { sum: number } };
      find: { payload: string; result: string | undefined };
      log: { payload: { line: string } };
      stop: { payload: void };
      maybe: { payload: number | undefined; result: number };
      words: { payload: string; stream: string; result: { count: number } };
      lines: { payload: string; stream: string };
      copy: { payload: void; result: boolean; progress: number; input: Uint8Array };
    }
  >
>;

export async function handlersTypeTheirWorker(worker: WorkerClient<Own>): Promise<void> {
  await startWorkerServer<Own>(own);
  const { sum } = await worker.send('add', { a: 1, b: 2 });
  sum satisfies number;
  await worker.send('stop');
  await worker.send('maybe');
  for await (const word of worker.stream('words', 'a b')) word.trim();
  // @ts-expect-error
  void worker.send('add', { a: 1 });
}

export async function aDriverOfTheLibraryIsNamedOnce(): Promise<void> {
  const thread = await createWorker<Messages>({ script: 'worker.js', driver: new ThreadDriver() });
  thread satisfies WorkerClient<Messages, WorkerThreadsDriver>;
  thread.pid satisfies undefined;
  const { loaded } = await thread.send('load', { config: 'a' }, { transfer: [new ArrayBuffer(1)] });
  loaded satisfies true;
  const local = await createWorker<Messages>({ script: 'worker.js', driver: InProcessDriver });
  local satisfies WorkerClient<Messages, InProcessDriver>;
  const child = await createWorker<Messages>({ script: 'worker.js' });
  child.pid satisfies number;
  // @ts-expect-error
  void thread.send('laod', { config: 'a' });
  // @ts-expect-error These options are a process's.
  void createWorker<Messages>({ script: 'worker.js', driver: ThreadDriver, driverOptions: { detached: true } });
}

export function anyClientIsAWorkerClient(worker: WorkerClient<Messages>, thread: WorkerClient<Messages, WorkerThreadsDriver>) {
  const close = (one: WorkerClient) => one.close();
  const closeAny = (one: WorkerClient<any, any>) => one.close();
  void close(worker);
  void closeAny(thread);
  // @ts-expect-error Another worker's messages are others.
  worker satisfies WorkerClient<HostMessages>;
}
