export { conformanceCases } from './conformance-cases.js';
export { conformanceHandlers } from './handlers.js';
export type { ConformanceCase, ConformanceOptions } from './options.js';
export type { ConformanceMessages, FailureName } from './messages.js';
