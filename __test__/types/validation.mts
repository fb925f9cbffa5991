import {
  createWorker,
  defineMessages,
  type HandledMessagesOf,
  type Handlers,
  type MessagesOf,
  type StandardSchema,
  startWorkerServer,
  unchecked,
  type WorkerClient,
  WorkerThreadsDriver,
} from 'isolated-workers';
import type { Equal, Expect } from './expect.cjs';

/** As a library makes it. */
declare const schema: <I, O = I>() => StandardSchema<I, O>;

const messages = defineMessages({
  load: {
    payload: schema<{ at: string; times?: number | undefined }, { at: number; times: number }>(),
    result: schema<{ text: string }, { text: number }>(),
  },
  tail: { payload: schema<string>(), stream: schema<string, number>(), result: schema<void>() },
  log: { payload: unchecked<{ line: string }>() },
  stop: {},
});
const hostMessages = defineMessages({
  price: { payload: schema<{ id: number }>(), result: schema<string, number>() },
});

type Sent = MessagesOf<typeof messages>;
type Handled = HandledMessagesOf<typeof messages>;
export type ASenderGivesWhatTheValidatorTakes = Expect<
  Equal<Sent['load']['payload'], { at: string; times?: number | undefined }>
>;
export type AHandlerGetsWhatTheValidatorMakes = Expect<Equal<Handled['load']['payload'], { at: number; times: number }>>;
export type ACallerGetsWhatTheValidatorMakesOfTheResult = Expect<Equal<Sent['load']['result'], { text: number }>>;
export type AHandlerGivesWhatTheValidatorTakes = Expect<Equal<Handled['load']['result'], { text: string }>>;
export type ChunksAreInferred = Expect<Equal<[Sent['tail']['stream'], Handled['tail']['stream']], [number, string]>>;
export type AnUncheckedTypeIsTheSameOnBothSides = Expect<
  Equal<[Sent['log'], Handled['log']], [{ payload: { line: string } }, { payload: { line: string } }]>
>;
export type APayloadLeftOutIsVoid = Expect<Equal<Sent['stop'], { payload: void }>>;

const script = new URL('./worker.js', import.meta.url);
const worker = await createWorker({
  script,
  messages,
  hostMessages,
  handlers: { price: ({ id }: { id: number }) => id.toFixed() },
});
const result: { text: number } = await worker.send('load', { at: '1' });
await worker.send('stop');
for await (const chunk of worker.stream('tail', 'log')) chunk.toFixed();
worker.post('log', { line: result.text.toFixed() });
export const client: WorkerClient<MessagesOf<typeof messages>> = await createWorker({ script, messages });

// @ts-expect-error The validator takes a string.
await worker.send('load', { at: 1 });
// @ts-expect-error There is no such message.
await worker.send('unload', {});
// @ts-expect-error A result has what its validator makes of it.
(await worker.send('load', { at: '1' })).text.trim();
// @ts-expect-error It answers with a stream.
await worker.send('tail', 'log');

export const thread = await createWorker<typeof messages, WorkerThreadsDriver>({
  script,
  messages,
  driver: new WorkerThreadsDriver(),
});
await thread.send('load', { at: '1' }, { transfer: [] });

// @ts-expect-error A handler of the host returns what the validator takes.
await createWorker({ script, messages, hostMessages, handlers: { price: ({ id }) => id } });

const handlers: Handlers<HandledMessagesOf<typeof messages>, MessagesOf<typeof hostMessages>> = {
  load: ({ at, times }) => ({ text: (at + times).toFixed() }),
  async *tail(name) {
    yield name;
  },
  log: ({ line }) => void line.trim(),
  stop: () => {},
};
const server = await startWorkerServer({ messages, hostMessages, handlers });
export const price: number = await server.host.send('price', { id: 1 });
// @ts-expect-error The validator takes a number.
await server.host.send('price', { id: '1' });

const { load } = handlers;
await startWorkerServer({
  messages,
  hostMessages,
  handlers: { ...handlers, load: ({ at, times }, { host }) => ({ text: (at + times).toFixed() + typeof host }) },
});
await startWorkerServer({
  messages: defineMessages({ load: { payload: schema<string, number>(), result: schema<string>() } }),
  handlers: { load: (at) => at.toFixed() },
});
// @ts-expect-error A handler is missing.
await startWorkerServer({ messages, hostMessages, handlers: { load } });
// @ts-expect-error The result has text before its validator.
await startWorkerServer({ messages, hostMessages, handlers: { ...handlers, load: ({ at }) => ({ text: at }) } });

// @ts-expect-error A misspelt member would leave a message without a check.
defineMessages({ load: { paylod: schema<string>() } });
// @ts-expect-error A type is no validator.
defineMessages({ load: { payload: String } });
