import type * as Clone from './structured/clone.js';

/** What only values without JSON need: V8's format, segments, shared memory. A file of its own, loaded with the first of them. */
export function clone(): typeof Clone {
  return require('./clone.cjs') as typeof Clone;
}
