import type * as Streams from './streams.js';

let loaded: typeof Streams | undefined;

/** What streams, calls of the host and drivers of users need. Loaded when it is first used: few workers do. */
export function loadStreams(): typeof Streams {
  return (loaded ??= require('./streams.cjs') as typeof Streams);
}
