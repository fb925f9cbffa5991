import type {
  MessageTypeOf,
  MessageTypes,
  RequestTypeOf,
  WithInput,
  WithOptionalPayload,
  WithStream,
  WithStreamAlone,
} from './message-definitions.js';

// No value has these types. The compiler shows their names when a call rejects a message type, which explains the
// reason.

declare const hint: unique symbol;

/** Give the payload as the second argument. */
interface NeedsItsPayload {
  readonly [hint]: 'payload';
}

/** Give the option `input` with the third argument. */
interface NeedsTheOptionInput {
  readonly [hint]: 'input';
}

/** The handler answers with chunks: call `stream` in place of `send`. */
interface AnswersInChunksSoCallStream {
  readonly [hint]: 'stream';
}

/** The handler answers once: call `send` in place of `stream`. */
interface AnswersOnceSoCallSend {
  readonly [hint]: 'send';
}

/**
 * The message types that an operation accepts, and for each other type the reason why not. These are members, not
 * aliases: of an alias the compiler would show only the name.
 */
export interface Taken<M extends MessageTypes<M>> {
  /** The types for `send` with a payload. */
  send:
    | RequestTypeOf<M>
    | (Exclude<WithInput<M>, WithStreamAlone<M>> & NeedsTheOptionInput)
    | (WithStreamAlone<M> & AnswersInChunksSoCallStream);
  /** The types for `send` without a payload. */
  sendAlone:
    | Exclude<WithOptionalPayload<M>, WithInput<M> | WithStreamAlone<M>>
    | (Exclude<RequestTypeOf<M>, WithOptionalPayload<M>> & NeedsItsPayload)
    | (Exclude<WithInput<M>, WithStreamAlone<M>> & NeedsTheOptionInput)
    | (WithStreamAlone<M> & AnswersInChunksSoCallStream);
  /** The types for `stream` with a payload. */
  stream:
    | Exclude<WithStream<M>, WithInput<M>>
    | (WithStream<M> & WithInput<M> & NeedsTheOptionInput)
    | (Exclude<MessageTypeOf<M>, WithStream<M>> & AnswersOnceSoCallSend);
  /** The types for `stream` without a payload. */
  streamAlone:
    | Exclude<WithOptionalPayload<M> & WithStream<M>, WithInput<M>>
    | (Exclude<WithStream<M>, WithOptionalPayload<M> | WithInput<M>> & NeedsItsPayload)
    | (WithStream<M> & WithInput<M> & NeedsTheOptionInput)
    | (Exclude<MessageTypeOf<M>, WithStream<M>> & AnswersOnceSoCallSend);
  /** The types for `post` without a payload. */
  postAlone: WithOptionalPayload<M> | (Exclude<MessageTypeOf<M>, WithOptionalPayload<M>> & NeedsItsPayload);
}
