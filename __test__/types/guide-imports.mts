// The guides import types without the word `type`. That compiles for users who do not ask for `verbatimModuleSyntax`.
// oxlint-disable typescript/consistent-type-imports
import { Middleware } from 'isolated-workers';
import { MessageResult } from 'isolated-workers';
import { PayloadOf, ResultPayloadOf } from 'isolated-workers';
import { TransactionIdGenerator } from 'isolated-workers';

import type { Messages } from './messages.cjs';

export type Imported = [
  Middleware<Messages>,
  MessageResult<Messages, 'load'>,
  PayloadOf<Messages, 'load'>,
  ResultPayloadOf<Messages, 'load'>,
  TransactionIdGenerator<Messages>,
];
