import { unsupportedByDriver } from '../../errors/driver-errors.js';
import { invalidOption, WorkerError } from '../../errors/worker-error.js';
import { processLimits, threadLimits } from '../../options/driver-options.js';
import type { Known } from '../../options/known.js';
import { checkKnown } from '../../options/check-known.js';
import type { ProcessResourceLimits } from '../../types/process-options.js';
import type { Ending } from '../host-channel.js';

const MIB = 1024 * 1024;
/** The young generation has three semi-spaces. */
const SEMI_SPACES = 3;
/** The runtime cannot start below it. */
const LEAST_FILES = 32;

const ranges: Readonly<Record<keyof ProcessResourceLimits, readonly [least: number, most: number]>> = {
  maxOldGenerationSizeMb: [1, 2 ** 31],
  maxYoungGenerationSizeMb: [1, 2 ** 31],
  maxRssMb: [1, 2 ** 31],
  maxCpuSeconds: [1, 2 ** 31],
  maxOpenFiles: [LEAST_FILES, 2 ** 31],
  nice: [-20, 19],
};

/** Refuses invalid limits, by name. */
export function checkLimits(limits: unknown): ProcessResourceLimits {
  if (typeof limits !== 'object' || limits === null) throw invalidOption('resourceLimits', 'an object', limits);
  refuseForeign('child_process', limits, processLimits, threadLimits, 'worker_threads');
  for (const [name, value] of Object.entries(limits)) {
    if (value === undefined) continue;
    const range = ranges[name as keyof ProcessResourceLimits];
    if (!Number.isInteger(value) || value < range[0] || value > range[1]) {
      throw invalidOption(`resourceLimits.${name}`, `an integer from ${range[0]} to ${range[1]}`, value);
    }
  }
  const { maxRssMb, maxOpenFiles } = limits as ProcessResourceLimits;
  const { platform } = process;
  if (maxRssMb !== undefined && platform !== 'linux' && platform !== 'win32') {
    throw unsupported(
      `maxRssMb works on Linux and Windows only, not on ${platform}. Leave it out, or use maxOldGenerationSizeMb.`,
    );
  }
  if (maxOpenFiles !== undefined && platform === 'win32') {
    throw unsupported('maxOpenFiles does not work on Windows, which has no such limit. Leave it out.');
  }
  return limits as ProcessResourceLimits;
}

function unsupported(what: string): WorkerError {
  return new WorkerError('ERR_UNSUPPORTED_PLATFORM', `resourceLimits.${what}`);
}

/** Refuses limits that threads lack. */
export function checkThreadLimits(limits: unknown): void {
  if (typeof limits !== 'object' || limits === null) throw invalidOption('resourceLimits', 'an object', limits);
  refuseForeign('worker_threads', limits, threadLimits, processLimits, 'child_process');
}

/** The error names the driver that has the limit. */
function refuseForeign(driver: string, limits: object, own: Known, others: Known, other: string): void {
  for (const [name, value] of Object.entries(limits)) {
    if (value === undefined || Object.hasOwn(own, name) || !Object.hasOwn(others, name)) continue;
    throw unsupportedByDriver(driver, `resourceLimits.${name}`, other);
  }
  checkKnown(`the driver "${driver}"`, limits, own, 'resourceLimits');
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

/** The limits that the worker applies to itself; `undefined`: none. */
export function limitVariable(limits: ProcessResourceLimits): string | undefined {
  const { maxRssMb, maxCpuSeconds, maxOpenFiles, nice } = limits;
  const maxRss = maxRssMb === undefined ? undefined : maxRssMb * MIB;
  const text = JSON.stringify({ maxRss, maxCpuSeconds, maxOpenFiles, nice });
  return text === '{}' ? undefined : text;
}

/**
 * The limit that ended a worker, if one did.
 *
 * @param used - Bytes of memory that the worker reported; below 0: it did not.
 */
export function limitThatEnded(
  { maxRssMb, maxCpuSeconds }: ProcessResourceLimits,
  code: number | null,
  signal: NodeJS.Signals | null,
  used: number | null,
): Ending['cause'] {
  if (used !== null && maxRssMb !== undefined) {
    return overLimit('maxRssMb', maxRssMb, `it had ${(used / MIB).toFixed(1)} MiB in memory`);
  }
  if ((signal === 'SIGXCPU' || isOverTime(code)) && maxCpuSeconds !== undefined) {
    return overLimit('maxCpuSeconds', maxCpuSeconds, 'it used up its processor time');
  }
  return undefined;
}

/** Windows ends a process that has used up its time with this exit code, and no signal. */
function isOverTime(code: number | null): boolean {
  const ERROR_NOT_ENOUGH_QUOTA = 1816;
  return process.platform === 'win32' && code === ERROR_NOT_ENOUGH_QUOTA;
}

function overLimit(limit: keyof ProcessResourceLimits, value: number, what: string): WorkerError {
  const error = new WorkerError('ERR_RESOURCE_LIMIT', `${what}: resourceLimits.${limit} is ${value}`);
  return Object.assign(error, { limit, value });
}
