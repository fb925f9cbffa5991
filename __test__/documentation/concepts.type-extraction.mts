// Core Concepts › Type extraction helpers
import type { AllMessages, AllResults, MessageOf, ResultOf, WithResult } from 'isolated-workers';

import type { Equal, Expect } from '../types/expect.cjs';
import type { Messages } from './concepts.messages.mjs';

export type MessageOfIsTheFullMessage = Expect<
  Equal<MessageOf<Messages, 'load'>, { type: 'load'; tx: string; payload: { config: string } }>
>;
export type ResultOfIsTheFullResult = Expect<
  Equal<ResultOf<Messages, 'load'>, { type: 'loadResult'; tx: string; payload: { loaded: true } }>
>;
export type WithResultFilters = Expect<Equal<WithResult<Messages>, 'load' | 'compute' | 'fetchData'>>;
export type AllMessagesIsAUnion = Expect<Equal<AllMessages<Messages>, MessageOf<Messages, keyof Messages>>>;
export type AllResultsIsAUnion = Expect<Equal<AllResults<Messages>, ResultOf<Messages, WithResult<Messages>>>>;
