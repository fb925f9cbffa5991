import type { ReadableStream } from 'node:stream/web';

/**
 * The messages that an object of handlers serves: for a worker that is written first and typed afterwards. The payload
 * is the first parameter, the result is the returned or promised value; the chunks of `stream` are the yields of an
 * async generator. `progress` and `input` are those of the second parameter, if it is declared.
 *
 * @typeParam T - The type of an object of handlers. Their parameters need declared types.
 *
 * @example
 * ```ts
 * export const handlers = { add: ({ a, b }: { a: number; b: number }) => ({ sum: a + b }) };
 * export type Messages = MessagesFrom<typeof handlers>;
 * await startWorkerServer<Messages>(handlers);
 * ```
 */
export type MessagesFrom<T> = {
  [K in keyof T & string]: T[K] extends (...args: infer A) => infer R
    ? Flat<{ payload: PayloadFrom<A> } & OutcomeFrom<Awaited<R>> & ContextFrom<A>>
    : never;
};

/** One object type, so that an editor shows its members. */
type Flat<T> = { [P in keyof T]: T[P] };

type PayloadFrom<A extends readonly unknown[]> = A extends readonly [] ? void : A[0];

/** The outcome of a handler: chunks, a result, both or nothing. `[…]`: a union is one result. */
type OutcomeFrom<R> =
  IsAny<R> extends true
    ? { result: R }
    : [R] extends [AsyncGenerator<infer C, infer V, never>]
      ? { stream: C } & ResultFrom<V>
      : [R] extends [Generator<infer C, infer V, never>]
        ? { stream: C } & ResultFrom<V>
        : [R] extends [ReadableStream<infer C> | AsyncIterable<infer C>]
          ? { stream: C }
          : ResultFrom<R>;

type IsAny<R> = 0 extends 1 & R ? true : false;

type ResultFrom<V> = [V] extends [void] ? unknown : { result: V };

/** Handlers that declare a context declare their progress and their input. */
type ContextFrom<A extends readonly unknown[]> = A extends readonly [unknown, infer C, ...unknown[]]
  ? (C extends { readonly progress: (value: infer P) => void }
      ? [P] extends [never]
        ? unknown
        : { progress: P }
      : unknown) &
      (C extends { readonly input: AsyncIterable<infer I> } ? { input: I } : unknown)
  : unknown;
