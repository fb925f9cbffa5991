import type { SharedMemory } from './public.js';

/** The one message type of the connection between a `Worker` and its process. */
export const FRAME = 'frame';

/** The message type of the requests between them that carry a message by thread id. */
export const MAIL = 'mail';

/** A value of the user, with stand-ins for its ports. */
export interface Body {
  readonly value: unknown;
  /** The name of the only member of each stand-in, which no value of the user has. That member is an index of `ports`, or behind them of `shared`. */
  readonly mark?: string;
  /** The numbers of the ports on the bridge. */
  readonly ports?: readonly number[];
  /** Memory that both processes map, as buffers of the library; `null`: memory without bytes. */
  readonly memories?: readonly unknown[];
  /** What is that memory, or shows a part of it. Their stand-ins are counted behind the ports. */
  readonly shared?: readonly SharedValue[];
}

/** The index of a memory; for a view, also the name of its type, its offset and its length. */
export type SharedValue = readonly [memory: number, type?: string, offset?: number, length?: number];

/** What the two ends send each other. */
export type Frame =
  /** To the worker, first: the user's `workerData`, and the environment data. */
  | { readonly kind: 'start'; readonly data: Body; readonly environment: ReadonlyMap<unknown, unknown> }
  /** To the host: the user's script is about to run. */
  | { readonly kind: 'online' }
  | { readonly kind: 'message'; readonly body: Body }
  /** A message on a port that was sent to the other side. */
  | { readonly kind: 'port'; readonly id: number; readonly body: Body }
  | { readonly kind: 'close'; readonly id: number }
  | { readonly kind: 'broadcast'; readonly name: string; readonly body: Body }
  /** To the host: what the worker has written to a standard stream at once. */
  | { readonly kind: 'output'; readonly descriptor: 1 | 2; readonly data: Uint8Array | string }
  /** To the host: the error that ends the worker. */
  | { readonly kind: 'error'; readonly error: unknown }
  /** In place of it, on a runtime whose serializer carries no errors. */
  | ({ readonly kind: 'error-text' } & ErrorText);

/** What a text tells of an error. */
export interface ErrorText {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: string | undefined;
}

/** The start-up data of the process, which are JSON. */
export interface StartupData {
  readonly script: { readonly file: string } | { readonly url: string } | { readonly source: string };
  readonly threadId: number;
  readonly threadName: string;
  readonly resourceLimits: Readonly<Record<string, number>>;
  readonly sharedMemory: SharedMemory;
}
