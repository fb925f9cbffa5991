import { WorkerError } from '../index.js';
import type { HostFunction, IsolateLimits, IsolateOptions } from './types.js';

const names: readonly (keyof IsolateOptions)[] = [
  'mode',
  'jail',
  'timeSlice',
  'root',
  'sources',
  'packages',
  'globals',
  'sharedMemory',
  'limits',
];

interface Range {
  readonly value: number;
  readonly least: number;
  readonly most: number;
  /** Bytes of a unit. */
  readonly bytes?: number;
}

const MIB = 2 ** 20;

/** In milliseconds. */
const SLICE = 1;
const LEAST_SLICE = 0.1;
const MOST_SLICE = 1000;

/** The limits: their defaults, and what they may be. The engine ignores a limit of the stack above 16 MiB. */
const ranges = {
  memoryMb: { value: 32, least: 2, most: Infinity, bytes: MIB },
  stackKb: { value: 256, least: 64, most: 8192, bytes: 1024 },
  cpuMsPerMessage: { value: 1000, least: 1, most: Infinity },
  cpuMs: { value: Infinity, least: 1, most: Infinity },
  wallMs: { value: Infinity, least: 1, most: Infinity },
  maxResultBytes: { value: 16 * MIB, least: 1024, most: 2 ** 30 },
  maxQueuedBytes: { value: 64 * MIB, least: 1024, most: Infinity },
} as const satisfies Record<keyof IsolateLimits, Range>;

export type LimitName = keyof IsolateLimits;

/** The limits of an isolate, as given or by default. */
export type Limits = Readonly<Record<LimitName, number>>;

/** Checked options. */
export interface Settings {
  readonly jail: boolean;
  /** Of a cooperative isolate. */
  readonly timeSlice: number | undefined;
  readonly root: string | URL | undefined;
  readonly sources: ReadonlyMap<string, string> | undefined;
  readonly packages: ReadonlySet<string>;
  readonly globals: ReadonlyMap<string, HostFunction>;
  readonly sharedMemory: boolean;
  readonly limits: Limits;
}

/** @throws `ERR_INVALID_OPTION`, `ERR_UNSUPPORTED_BY_DRIVER`. */
export function settingsOf(options: IsolateOptions): Settings {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || (names as readonly string[]).includes(name)) continue;
    throw new WorkerError(
      'ERR_UNSUPPORTED_BY_DRIVER',
      `the driver "isolate" does not support the option \`${name}\`. Its \`driverOptions\` are ${names.join(', ')}.`,
    );
  }
  const {
    mode = 'thread',
    jail = false,
    timeSlice,
    root,
    sources,
    packages = [],
    globals,
    sharedMemory = false,
  } = options;
  if (mode !== 'thread' && mode !== 'cooperative') throw invalid('mode', "'thread' or 'cooperative'", mode);
  if (typeof jail !== 'boolean') throw invalid('jail', 'true or false', jail);
  if (jail && mode !== 'thread') throw invalid('jail', "false where `mode` is not 'thread'", jail);
  if (typeof sharedMemory !== 'boolean') throw invalid('sharedMemory', 'true or false', sharedMemory);
  if (jail && sharedMemory) {
    const text = 'false where `jail` is true: another process cannot have memory of this one';
    throw invalid('sharedMemory', text, sharedMemory);
  }
  if (timeSlice !== undefined) checkSlice(timeSlice, mode);
  if (root !== undefined && typeof root !== 'string' && !(root instanceof URL)) {
    throw invalid('root', 'a path or a file URL', root);
  }
  if (root !== undefined && sources !== undefined) throw invalid('sources', 'omitted where `root` is given', sources);
  if (!Array.isArray(packages) || !packages.every((name) => typeof name === 'string')) {
    throw invalid('packages', 'an array of names', packages);
  }
  return {
    jail,
    packages: new Set(packages),
    timeSlice: mode === 'cooperative' ? (timeSlice ?? SLICE) : undefined,
    root,
    sources: sources === undefined ? undefined : checkedMap('sources', sources, 'string'),
    globals: checkedMap<HostFunction>('globals', globals ?? {}, 'function'),
    sharedMemory,
    limits: limitsOf(options.limits ?? {}),
  };
}

function checkSlice(timeSlice: unknown, mode: string): void {
  if (mode !== 'cooperative') throw invalid('timeSlice', "omitted where `mode` is not 'cooperative'", timeSlice);
  const isRight = typeof timeSlice === 'number' && timeSlice >= LEAST_SLICE && timeSlice <= MOST_SLICE;
  if (!isRight) throw invalid('timeSlice', `a number of milliseconds from ${LEAST_SLICE} to ${MOST_SLICE}`, timeSlice);
}

function checkedMap<T>(name: string, given: unknown, type: 'string' | 'function'): ReadonlyMap<string, T> {
  if (typeof given !== 'object' || given === null) throw invalid(name, 'an object', given);
  const entries = Object.entries(given);
  const wrong = entries.find(([, value]) => typeof value !== type);
  if (wrong !== undefined) throw invalid(`${name}.${wrong[0]}`, `a ${type}`, wrong[1]);
  return new Map(entries as [string, T][]);
}

function limitsOf(given: IsolateLimits): Limits {
  if (typeof given !== 'object' || given === null) throw invalid('limits', 'an object', given);
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(ranges, name));
  if (unknown !== undefined) throw invalid('limits', `an object with ${Object.keys(ranges).join(', ')}`, unknown);
  const entries = Object.entries(ranges).map(([name, { value, least, most }]) => {
    const wanted = given[name as LimitName] ?? value;
    if (typeof wanted === 'number' && wanted >= least && wanted <= most) return [name, wanted] as const;
    const range = most === Infinity ? `of ${least} or more` : `from ${least} to ${most}`;
    throw invalid(`limits.${name}`, `a number ${range}`, wanted);
  });
  return Object.fromEntries(entries) as Limits;
}

/** In bytes, or in milliseconds. */
export function measureOf(limits: Limits, name: LimitName): number {
  return limits[name] * ((ranges[name] as Range).bytes ?? 1);
}

export function invalid(name: string, expected: string, value: unknown): WorkerError {
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return new WorkerError('ERR_INVALID_OPTION', `driverOptions.${name} must be ${expected}, not ${shown}`);
}
