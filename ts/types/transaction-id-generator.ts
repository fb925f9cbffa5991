import type { MessageDefinitions, MessageTypeOf, MessageTypes, PayloadOf } from './message-definitions.js';

/** A request that has no transaction id yet; for a union of types discriminated by `type`. */
export type UnsentRequest<
  M extends MessageTypes<M> = MessageDefinitions,
  K extends MessageTypeOf<M> = MessageTypeOf<M>,
> = {
  [P in K]: { readonly type: P; readonly payload: PayloadOf<M, P> };
}[K];

/**
 * Returns the transaction id of a request. The default is a random UUID.
 *
 * `send` rejects with `ERR_DUPLICATE_TRANSACTION` if a request with this id is in flight, and with
 * `ERR_INVALID_TRANSACTION_ID` if the id is not a valid string.
 */
export type TransactionIdGenerator<M extends MessageTypes<M> = MessageDefinitions> = (
  message: UnsentRequest<M>,
) => string;
