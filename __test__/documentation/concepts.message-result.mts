// Core Concepts › MessageResult
import type { MessageResult } from 'isolated-workers';

import type { Equal, Expect } from '../types/expect.cjs';
import type { Messages } from './concepts.messages.mjs';

type LoadResultType = MessageResult<Messages, 'load'>;
// { type: 'loadResult', tx: string, payload: { loaded: true } }

export type TheCommentIsTrue = Expect<
  Equal<LoadResultType, { type: 'loadResult'; tx: string; payload: { loaded: true } }>
>;
