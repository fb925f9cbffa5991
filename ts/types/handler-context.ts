import type { HostClient } from './host-client.js';
import type { InputOf, MessageDefinitions, MessageTypeOf, ProgressOf } from './message-definitions.js';
import type { WorkerServer } from './worker-server.js';

/**
 * What every handler gets besides the payload. Its members may be taken apart: `(payload, { signal, progress }) => …`.
 *
 * @typeParam K - The message type.
 * @typeParam P - What `progress` takes.
 * @typeParam I - What `input` is.
 */
export interface MessageContext<K extends string, P, I> {
  /**
   * Aborted when nobody waits for the outcome any more: the request was cancelled, has timed out, its stream was left, or
   * who asked is gone.
   */
  readonly signal: AbortSignal;
  /** The transaction id; `undefined` for a notification. */
  readonly tx: string | undefined;
  /** The message type. */
  readonly type: K;
  /** Tells who asked how far it is, before the outcome. A notification tells nobody. */
  readonly progress: (value: P) => void;
  /** The chunks that follow the payload, for a type with `input`. They can be read once. */
  readonly input: I;
}

/** What a handler in a worker gets as its second argument. */
export type HandlerContext<
  M extends MessageDefinitions = MessageDefinitions,
  K extends MessageTypeOf<M> = MessageTypeOf<M>,
  H extends MessageDefinitions = MessageDefinitions,
> = MessageContext<TypeFor<M, K>, ProgressOf<M, K>, InputFor<M, K>> & {
  /** Asks the host. */
  readonly host: HostClient<H>;
  /** The server that this handler belongs to. */
  readonly worker: WorkerServer<H>;
};

/** What a handler in a host gets as its second argument. */
export type HostHandlerContext<H extends MessageDefinitions, K extends MessageTypeOf<H>, W> = MessageContext<
  TypeFor<H, K>,
  ProgressOf<H, K>,
  InputFor<H, K>
> & {
  /** The worker that asks. */
  readonly worker: W;
};

/** Where no messages are named, each handler may be used for any. */
type TypeFor<M extends MessageDefinitions, K extends string> = string extends keyof M ? string : K;

/** What `input` is in the handler of the type `K`. */
type InputFor<M extends MessageDefinitions, K extends MessageTypeOf<M>> = {
  [P in K]: 'input' extends keyof M[P] ? AsyncIterable<InputOf<M, P>> : undefined;
}[K];
