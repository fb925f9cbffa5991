// Core Concepts › PayloadOf and ResultPayloadOf
import type { PayloadOf, ResultPayloadOf } from 'isolated-workers';

import type { Equal, Expect } from '../types/expect.cjs';
import type { Messages } from './concepts.messages.mjs';

type LoadPayload = PayloadOf<Messages, 'load'>;
// { config: string }

type LoadResultPayload = ResultPayloadOf<Messages, 'load'>;
// { loaded: true }

export type TheCommentsAreTrue = Expect<
  Equal<[LoadPayload, LoadResultPayload], [{ config: string }, { loaded: true }]>
>;
