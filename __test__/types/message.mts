import type {
  AllMessages,
  AllResults,
  AnyMessage,
  MessageOf,
  MessageResult,
  ResultOf,
} from 'isolated-workers';

import type { Equal, Expect } from './expect.cjs';
import type { Messages } from './messages.cjs';

type LoadRequest = { type: 'load'; tx: string; payload: { config: string } };
type LoadResult = { type: 'loadResult'; tx: string; payload: { loaded: true } };

export type AMessageCarriesTypeTransactionAndPayload = Expect<Equal<MessageOf<Messages, 'load'>, LoadRequest>>;
export type AResultCarriesTheSuffixedType = Expect<Equal<ResultOf<Messages, 'load'>, LoadResult>>;
export type ATypeMapsToItsResult = Expect<Equal<MessageResult<Messages, 'load'>, LoadResult>>;
export type ATypeMapsToItsResultWithTheArgumentsReversed = Expect<Equal<MessageResult<'load', Messages>, LoadResult>>;
export type BothOrdersTakeSeveralNames = Expect<
  Equal<MessageResult<Messages, 'load' | 'count'>, MessageResult<'load' | 'count', Messages>>
>;

export type AllRequestsAreAUnion = Expect<
  Equal<AllMessages<Messages>['type'], 'load' | 'compute' | 'count' | 'log' | 'shutdown'>
>;
export type AllResultsAreAUnionOfThoseThatExist = Expect<
  Equal<AllResults<Messages>['type'], 'loadResult' | 'computeResult' | 'countResult'>
>;

// @ts-expect-error
export type AnUnknownNameIsNoMessage = MessageOf<Messages, 'unload'>;
// @ts-expect-error
export type ATypeWithoutResultHasNone = ResultOf<Messages, 'log'>;
// @ts-expect-error
export type ATypeWithoutResultMapsToNone = MessageResult<Messages, 'log'>;
// @ts-expect-error
export type AnUnknownNameMapsToNothing = MessageResult<Messages, 'unload'>;
// @ts-expect-error
export type ATypeWithoutResultMapsToNoneReversed = MessageResult<'log', Messages>;
// @ts-expect-error
export type AnUnknownNameMapsToNothingReversed = MessageResult<'unload', Messages>;

export function theTypeOfAMessageTellsItsPayload(message: AllMessages<Messages> | AllResults<Messages>): void {
  if (message.type === 'load') message.payload.config satisfies string;
  if (message.type === 'countResult') message.payload satisfies number;
  // @ts-expect-error The payload of another type.
  if (message.type === 'compute') message.payload.config;
}

export function anyMessageIncludesNotificationsAndErrors(message: AnyMessage<Messages>): void {
  if (message.type === 'log') message.tx satisfies string | undefined;
  if (message.type === 'loadError') message.payload.message satisfies string;
  // @ts-expect-error There is no such type.
  message.type === 'unload';
}
