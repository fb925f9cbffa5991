import type { ResourceLimits } from 'node:worker_threads';

import type { ProcessResourceLimits } from '../../index.js';

/** Below what V8 takes off for itself, a process could not run. In MiB. */
const LEAST_STACK = 0.25;
/** The stack of a process that most systems allow, with a rest for native code. In MiB. */
const MOST_STACK = 7;
const KIB = 1024;

/** The limits of the worker's process; what is no positive number limits nothing, as with threads. */
export function processLimits(limits: ResourceLimits = {}): ProcessResourceLimits {
  const { maxOldGenerationSizeMb, maxYoungGenerationSizeMb } = limits;
  return {
    ...(isLimit(maxOldGenerationSizeMb) && { maxOldGenerationSizeMb: Math.ceil(maxOldGenerationSizeMb) }),
    ...(isLimit(maxYoungGenerationSizeMb) && { maxYoungGenerationSizeMb: Math.ceil(maxYoungGenerationSizeMb) }),
  };
}

/** The arguments of the worker's process for the limits that `createWorker` does not have. */
export function limitArguments({ stackSizeMb }: ResourceLimits = {}): string[] {
  if (!isLimit(stackSizeMb)) return [];
  return [`--stack-size=${Math.round(Math.min(MOST_STACK, Math.max(LEAST_STACK, stackSizeMb)) * KIB)}`];
}

/** What `worker.resourceLimits` has. */
export function knownLimits(limits: ResourceLimits = {}): Record<string, number> {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => isLimit(value)));
}

function isLimit(value: unknown): value is number {
  return typeof value === 'number' && value > 0;
}
