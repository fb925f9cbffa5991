import type * as Streams from './streams.js';

let loaded: typeof Streams | undefined;

/** What streams and calls of the host need. Loaded when it is first used: few workers do. */
export function loadStreams(): typeof Streams {
  return (loaded ??= require('./streams.cjs') as typeof Streams);
}
