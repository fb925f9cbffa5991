// Core Concepts › Middleware type
import type { Middleware } from 'isolated-workers';

import type { Messages } from './concepts.messages.mjs';

const logger: Middleware<Messages> = (message, direction) => {
  console.log(`[${direction}] ${message.type}`);
  return message;
};

export { logger };
