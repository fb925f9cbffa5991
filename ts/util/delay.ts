import { setTimeout as realDelay } from 'node:timers/promises';

/** Resolves after this many milliseconds, with a real timer: see `primordials.ts`. */
export const delay = realDelay;
