import type { MessageDefinitions, MessageTypeOf, PayloadOf } from './message-definitions.js';

/** A request that has no transaction id yet; for a union of types discriminated by `type`. */
export type UnsentRequest<
  M extends MessageDefinitions = MessageDefinitions,
  K extends MessageTypeOf<M> = MessageTypeOf<M>,
> = {
  [P in K]: { readonly type: P; readonly payload: PayloadOf<M, P> };
}[K];

/**
 * Makes the transaction id of a request, which is used as it is. The default is a random UUID.
 *
 * `send` rejects with `ERR_DUPLICATE_TRANSACTION` when a request with the same id is in flight, and with
 * `ERR_INVALID_TRANSACTION_ID` when the id is no string that can travel.
 */
export type TransactionIdGenerator<M extends MessageDefinitions = MessageDefinitions> = (
  message: UnsentRequest<M>,
) => string;
