import type { DefineMessages, PayloadOf, ResultPayloadOf, WithResult } from 'isolated-workers';

import type { Equal, Expect } from './expect.cjs';
import type { Messages } from './messages.cjs';

export type APayloadIsExtractedByName = Expect<Equal<PayloadOf<Messages, 'load'>, { config: string }>>;
export type AResultPayloadIsExtractedByName = Expect<Equal<ResultPayloadOf<Messages, 'load'>, { loaded: true }>>;
export type ATypeWithoutResultHasTheResultPayloadVoid = Expect<Equal<ResultPayloadOf<Messages, 'log'>, void>>;
export type TypesWithResultAreFiltered = Expect<Equal<WithResult<Messages>, 'load' | 'compute' | 'count'>>;
export type SeveralNamesGiveAUnion = Expect<
  Equal<ResultPayloadOf<Messages, 'load' | 'count'>, { loaded: true } | number>
>;

interface MessageInterface {
  load: { payload: string; result: number };
}
export type MessagesMayBeAnInterface = Expect<Equal<PayloadOf<DefineMessages<MessageInterface>, 'load'>, string>>;

export type AResultThatMayBeUndefinedIsAResult = Expect<
  Equal<ResultPayloadOf<DefineMessages<{ find: { payload: string; result: number | undefined } }>, 'find'>, number | undefined>
>;

// @ts-expect-error A message type is not defined without a payload.
export type APayloadMustBeDefined = DefineMessages<{ load: { result: number } }>;
// @ts-expect-error A misspelt `result` would make a request without result.
export type AMisspeltMemberIsRejected = DefineMessages<{ load: { payload: string; resutl: number } }>;
// @ts-expect-error
export type AnUnknownNameHasNoPayload = PayloadOf<Messages, 'unload'>;
// @ts-expect-error
export type AnUnknownNameHasNoResultPayload = ResultPayloadOf<Messages, 'unload'>;
