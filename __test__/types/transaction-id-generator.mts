import type { TransactionIdGenerator } from 'isolated-workers';

import type { Equal, Expect } from './expect.cjs';
import type { Messages } from './messages.cjs';

export const typeAndPayloadAreKnown: TransactionIdGenerator<Messages> = (message) => {
  type _ = Expect<Equal<typeof message.type, 'load' | 'compute' | 'count' | 'log' | 'shutdown'>>;
  if (message.type === 'load') return message.payload.config;
  // @ts-expect-error The payload of another type.
  if (message.type === 'log') return message.payload.config;
  return `${message.type}-${Math.random()}`;
};

// @ts-expect-error
export const anIdMustBeAString: TransactionIdGenerator<Messages> = () => 1;

// @ts-expect-error
export const anIdMayNotBeAwaited: TransactionIdGenerator<Messages> = async (message) => message.type;

export const thereIsNoIdYet: TransactionIdGenerator<Messages> = (message) => {
  // @ts-expect-error
  return message.tx;
};
