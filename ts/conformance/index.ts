export { conformanceCases } from './conformance-cases.js';
export { conformanceHandlers } from './handlers.js';
export { conformanceServer, type ConformanceServer } from './server.js';
export type { CheckedMessages } from './checked-messages.js';
export type { StoreMessages } from './store-messages.js';
export type { ConformanceCase, ConformanceOptions } from './options.js';
export type {
  AskPayload,
  ConformanceHostMessages,
  ConformanceMessages,
  FailureName,
  NumbersPayload,
} from './messages.js';
