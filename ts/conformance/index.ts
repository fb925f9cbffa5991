export { conformanceCases } from './conformance-cases.js';
export { conformanceHandlers } from './handlers.js';
export type { ConformanceCase, ConformanceOptions } from './options.js';
export type {
  AskPayload,
  ConformanceHostMessages,
  ConformanceMessages,
  FailureName,
  NumbersPayload,
} from './messages.js';
