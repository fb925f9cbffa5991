import { setTimeout } from './primordials.js';
import { safely } from './safely.js';

/** Long enough for a start to be over, in milliseconds. */
const PAUSE = 100;
let isPlanned = false;

/**
 * Loads soon what the start of a worker leaves out: a process that has used up its descriptors, or whose files a deployment has
 * replaced, could not load it with the first failure or the first bytes.
 */
export function loadRestSoon(): void {
  if (isPlanned) return;
  isPlanned = true;
  setTimeout(() => {
    safely(() => require('./failures.cjs') as unknown);
    safely(() => require('./clone.cjs') as unknown);
  }, PAUSE).unref();
}
