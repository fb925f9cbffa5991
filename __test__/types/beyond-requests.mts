import type { DefineMessages, Handlers, HostClient, WorkerClient, WorkerStream, WorkerThreadsDriver } from 'isolated-workers';
import { createWorker, getHost, startWorkerServer } from 'isolated-workers';

import type { Equal, Expect } from './expect.cjs';

type Messages = DefineMessages<{
  plain: { payload: { a: number }; result: string };
  load: { payload: { file: string }; result: number; progress: number };
  tail: { payload: { file: string }; stream: string; result: { lines: number } };
  ticks: { payload: void; stream: number };
  upload: { payload: { name: string }; input: Uint8Array; result: { bytes: number } };
  both: { payload: void; input: number; stream: number };
}>;
type HostMessages = DefineMessages<{
  lookup: { payload: { id: number }; result: { name: string } };
  feed: { payload: number; stream: string };
  warning: { payload: string };
}>;
type Client = WorkerClient<Messages, WorkerThreadsDriver, HostMessages>;

export async function streamsAreInferredFromTheType(worker: Client): Promise<void> {
  const stream = worker.stream('tail', { file: 'a' }, { signal: AbortSignal.timeout(1), timeout: 1 });
  const result = await stream.result;
  for await (const chunk of stream) {
    chunk satisfies string;
  }
  const ticks = worker.stream('ticks');
  const both = worker.stream('both', undefined, { input: [1, 2] });
  type _ = Expect<
    Equal<
      [typeof stream, typeof result, typeof ticks, typeof both],
      [WorkerStream<string, { lines: number }>, { lines: number }, WorkerStream<number, void>, WorkerStream<number, void>]
    >
  >;
}

export function onlyStreamsAreStreamed(worker: Client): void {
  // @ts-expect-error It answers once.
  worker.stream('plain', { a: 1 });
  // @ts-expect-error It answers in chunks.
  void worker.send('tail', { file: 'a' });
  // @ts-expect-error
  worker.stream('tail', { file: 1 });
  // @ts-expect-error
  void worker.stream('tail', { file: 'a' }).result.then(({ words }) => words);
}

export function progressIsTyped(worker: Client): void {
  void worker.send('load', { file: 'a' }, { onProgress: (value) => value.toFixed() });
  // @ts-expect-error It is a number.
  void worker.send('load', { file: 'a' }, { onProgress: (value: string) => value });
  // @ts-expect-error It tells none.
  void worker.send('plain', { a: 1 }, { onProgress: (value) => value.toFixed() });
}

export function anInputIsNeededWhereTheTypeHasOne(worker: Client): void {
  void worker.send('upload', { name: 'a' }, { input: [new Uint8Array(1)] });
  // @ts-expect-error It is missing.
  void worker.send('upload', { name: 'a' });
  // @ts-expect-error
  void worker.send('upload', { name: 'a' }, { input: ['text'] });
  // @ts-expect-error
  void worker.send('upload', { name: 'a' }, { input: 5 });
  // @ts-expect-error It is missing.
  worker.stream('both', undefined);
  // @ts-expect-error This type has none.
  void worker.send('plain', { a: 1 }, { input: [1] });
}

export function optionsAreChecked(worker: Client): void {
  void worker.send('plain', { a: 1 }, { escalate: { terminateAfter: 1, killAfter: 2 } });
  // @ts-expect-error
  void worker.send('plain', { a: 1 }, { signal: 'abort' });
  // @ts-expect-error
  void worker.send('plain', { a: 1 }, { escalate: { afterwards: 1 } });
}

const handlers: Handlers<Messages, HostMessages> = {
  plain: ({ a }) => String(a),
  load: async (_, { progress, signal, host, worker, tx, type }) => {
    progress(1);
    // @ts-expect-error
    progress('1');
    const { name } = await host.send('lookup', { id: 1 }, { signal });
    type _ = Expect<Equal<[typeof name, typeof tx, typeof type], [string, string | undefined, 'load']>>;
    void worker.close();
    return 1;
  },
  async *tail() {
    yield 'a line';
    return { lines: 1 };
  },
  ticks: () => new ReadableStream<number>(),
  async upload(_, { input }) {
    let bytes = 0;
    for await (const chunk of input) bytes += chunk.byteLength;
    return { bytes };
  },
  async *both(_, { input }) {
    for await (const chunk of input) yield chunk;
  },
};

export const aHandlerMayNotStreamOtherChunks: Handlers<Messages> = {
  ...handlers,
  // @ts-expect-error
  async *ticks() {
    yield 'text';
  },
};

export const aStreamMayNotReturnAnotherResult: Handlers<Messages> = {
  ...handlers,
  // @ts-expect-error
  async *tail() {
    yield 'a line';
    return { words: 1 };
  },
};

export const aPlainHandlerMayNotStreamAndHasNoProgress: Handlers<Messages> = {
  ...handlers,
  // @ts-expect-error
  async *plain() {
    yield 'a line';
  },
  load(_, { input }) {
    type _ = Expect<Equal<typeof input, undefined>>;
    return 1;
  },
  upload: (_, { progress }) => {
    // @ts-expect-error
    progress(1);
    return { bytes: 0 };
  },
};

export async function aWorkerAsksItsHost(): Promise<void> {
  const server = await startWorkerServer<Messages, HostMessages>(handlers);
  const host: HostClient<HostMessages> = getHost<HostMessages>();
  const { name } = await server.host.send('lookup', { id: 1 }, { timeout: 1 });
  host.post('warning', 'late');
  for await (const text of host.stream('feed', 1)) text.trim();
  name.trim();
  // @ts-expect-error
  void host.send('look', { id: 1 });
  // @ts-expect-error
  void host.send('lookup', { id: '1' });
  // @ts-expect-error
  host.post('warning', 5);
}

export async function aHostServesItsWorker(): Promise<void> {
  const worker = await createWorker<Messages, import('isolated-workers').ChildProcessDriver, HostMessages>({
    script: './worker.js',
    handlers: {
      lookup: async ({ id }, { worker: asking }) => ({ name: await asking.send('plain', { a: id }) }),
      async *feed(count) {
        yield String(count);
      },
    },
  });
  worker.on('notification', (message) => {
    if (message.type === 'warning') message.payload.trim();
    // @ts-expect-error
    message.type === 'warming';
  });
}

export function aHostServesWhatHasAResult(): void {
  void createWorker<Messages, import('isolated-workers').ChildProcessDriver, HostMessages>({
    script: './worker.js',
    // @ts-expect-error One is missing.
    handlers: { lookup: () => ({ name: '' }) },
  });
  void createWorker<Messages, import('isolated-workers').ChildProcessDriver, HostMessages>({
    script: './worker.js',
    handlers: {
      // @ts-expect-error
      lookup: () => ({ name: 1 }),
      async *feed() {},
    },
  });
}

export function withoutMessageTypesAnythingGoes(worker: WorkerClient): void {
  void worker.send('any', 1, { input: [1], onProgress: () => {} });
  void worker.stream('any').result;
  // TypeScript 5.0 does not infer these from the overloads of `createWorker`; newer versions do.
  const any = (payload: unknown, { signal }: { signal: AbortSignal }) => [payload, signal.aborted];
  void createWorker({ script: './worker.js', handlers: { any } });
}
