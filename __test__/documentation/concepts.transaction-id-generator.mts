// Core Concepts › TransactionIdGenerator type
import type { TransactionIdGenerator } from 'isolated-workers';

import type { Messages } from './concepts.messages.mjs';

const customTxGen: TransactionIdGenerator<Messages> = (message) => {
  return `${message.type}-${Date.now()}-${Math.random()}`;
};

export { customTxGen };
