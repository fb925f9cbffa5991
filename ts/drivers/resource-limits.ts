import { invalidOption, WorkerError } from '../errors.js';
import type { ProcessResourceLimits } from '../types/process-options.js';
import type { Ending } from './host-channel.js';

const MIB = 1024 * 1024;
/** The young generation has three parts of this kind. */
const SEMI_SPACES = 3;
/** Below it the runtime itself cannot start. */
const LEAST_FILES = 32;

const known: Readonly<Record<keyof ProcessResourceLimits, readonly [least: number, most: number]>> = {
  maxOldGenerationSizeMb: [1, 2 ** 31],
  maxYoungGenerationSizeMb: [1, 2 ** 31],
  maxRssMb: [1, 2 ** 31],
  maxCpuSeconds: [1, 2 ** 31],
  maxOpenFiles: [LEAST_FILES, 2 ** 31],
  nice: [-20, 19],
};

/** The members that threads do not have. */
export const processLimits: readonly string[] = ['maxRssMb', 'maxCpuSeconds', 'maxOpenFiles', 'nice'];

/** Refuses what is no limit, by name. */
export function checkLimits(limits: unknown): ProcessResourceLimits {
  if (typeof limits !== 'object' || limits === null) throw invalidOption('resourceLimits', 'an object', limits);
  for (const [name, value] of Object.entries(limits)) {
    const range = Object.hasOwn(known, name) ? known[name as keyof ProcessResourceLimits] : undefined;
    if (range === undefined) {
      throw invalidOption('resourceLimits', `an object of ${Object.keys(known).join(', ')}`, name);
    }
    if (value === undefined) continue;
    if (!Number.isInteger(value) || value < range[0] || value > range[1]) {
      throw invalidOption(`resourceLimits.${name}`, `an integer from ${range[0]} to ${range[1]}`, value);
    }
  }
  const { maxRssMb } = limits as ProcessResourceLimits;
  if (maxRssMb !== undefined && process.platform !== 'linux') {
    throw new WorkerError(
      'ERR_UNSUPPORTED_PLATFORM',
      `resourceLimits.maxRssMb works on Linux only, not on ${process.platform}. Leave it out, or use maxOldGenerationSizeMb.`,
    );
  }
  return limits as ProcessResourceLimits;
}

/** Arguments of the runtime: the last of a kind wins. */
export function limitArguments({ maxOldGenerationSizeMb, maxYoungGenerationSizeMb }: ProcessResourceLimits): string[] {
  const result: string[] = [];
  if (maxOldGenerationSizeMb !== undefined) result.push(`--max-old-space-size=${maxOldGenerationSizeMb}`);
  if (maxYoungGenerationSizeMb !== undefined) {
    result.push(`--max-semi-space-size=${Math.ceil(maxYoungGenerationSizeMb / SEMI_SPACES)}`);
  }
  return result;
}

/** What the worker applies to itself; `undefined`: nothing. */
export function limitVariable(limits: ProcessResourceLimits): string | undefined {
  const { maxRssMb, maxCpuSeconds, maxOpenFiles, nice } = limits;
  const maxRss = maxRssMb === undefined ? undefined : maxRssMb * MIB;
  const text = JSON.stringify({ maxRss, maxCpuSeconds, maxOpenFiles, nice });
  return text === '{}' ? undefined : text;
}

/**
 * The limit that ended a worker, if one did.
 *
 * @param used - Bytes of memory, as the worker has reported; below 0: it did not.
 */
export function limitThatEnded(
  { maxRssMb, maxCpuSeconds }: ProcessResourceLimits,
  signal: NodeJS.Signals | null,
  used: number,
): Ending['cause'] {
  if (used >= 0 && maxRssMb !== undefined) {
    return overLimit('maxRssMb', maxRssMb, `it had ${(used / MIB).toFixed(1)} MiB in memory`);
  }
  if (signal === 'SIGXCPU' && maxCpuSeconds !== undefined) {
    return overLimit('maxCpuSeconds', maxCpuSeconds, 'it used up its processor time');
  }
  return undefined;
}

function overLimit(limit: keyof ProcessResourceLimits, value: number, what: string): WorkerError {
  const error = new WorkerError('ERR_RESOURCE_LIMIT', `${what}: resourceLimits.${limit} is ${value}`);
  return Object.assign(error, { limit, value });
}
