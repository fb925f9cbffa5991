import type { HostClient } from './host-client.js';
import type { InputOf, MessageDefinitions, MessageTypeOf, MessageTypes, ProgressOf } from './message-definitions.js';
import type { WorkerServer } from './worker-server.js';

/**
 * The second argument of every handler. Its members may be destructured: `(payload, { signal, progress }) => …`.
 *
 * @typeParam K - The message type.
 * @typeParam P - The argument of `progress`.
 * @typeParam I - The type of `input`.
 */
export interface MessageContext<K extends string, P, I> {
  /**
   * Aborts when the requester no longer waits for the outcome: it has cancelled the request, timed out, left the
   * stream, or ended.
   */
  readonly signal: AbortSignal;
  /** The transaction id; `undefined` for a notification. */
  readonly tx: string | undefined;
  /** The message type. */
  readonly type: K;
  /** Reports progress to the requester, before the outcome. Has no effect for a notification. */
  readonly progress: (value: P) => void;
  /** The chunks that follow the payload, for a type with `input`. The handler can read them once. */
  readonly input: I;
}

/** The second argument of a handler in a worker. */
export type HandlerContext<
  M extends MessageTypes<M> = MessageDefinitions,
  K extends MessageTypeOf<M> = MessageTypeOf<M>,
  H extends MessageTypes<H> = MessageDefinitions,
> = MessageContext<TypeFor<M, K>, ProgressOf<M, K>, InputFor<M, K>> & {
  /** Calls the host; of several hosts (`maxHosts`), the one that has sent this message. */
  readonly host: HostClient<H>;
  /** The server that this handler belongs to. */
  readonly worker: WorkerServer<H>;
};

/** The second argument of a handler in a host. */
export type HostHandlerContext<H extends MessageTypes<H>, K extends MessageTypeOf<H>, W> = MessageContext<
  TypeFor<H, K>,
  ProgressOf<H, K>,
  InputFor<H, K>
> & {
  /** The worker that calls. */
  readonly worker: W;
};

/** If no messages are named, a handler serves any type. */
type TypeFor<M extends MessageTypes<M>, K extends string> = string extends keyof M ? string : K;

/** The type of `input` in the handler of the type `K`. */
type InputFor<M extends MessageTypes<M>, K extends MessageTypeOf<M>> = {
  [P in K]: 'input' extends keyof M[P] ? AsyncIterable<InputOf<M, P>> : undefined;
}[K];
