import type { SharedMemory } from '../public.js';
import type { BackendEvents } from './backend.js';
import type { Plan } from './options.js';
import type { StandardStreams } from './streams.js';

/** What a backend is made of. */
export interface Setup {
  readonly filename: string | URL;
  readonly plan: Plan;
  readonly sharedMemory: SharedMemory;
  /** Those of the time when the worker was made. */
  readonly environment: ReadonlyMap<unknown, unknown>;
  readonly streams: StandardStreams;
  readonly events: BackendEvents;
}
