import type * as Structured from './structured/index.js';

/** The serializer `'structured'`: a file of its own, which is loaded where it is first used. */
export function structured(): typeof Structured {
  return require('./structured.cjs') as typeof Structured;
}
