import path from 'node:path';

import { invalidValue } from '../errors.js';
import type { Isolation, SharedMemory } from '../public.js';
import { canShareMemory } from '../shared/memory.js';
import { here } from '../this-worker.js';
import { warnOfNoMemory } from './warnings.js';
import type { Plan } from './options.js';

/** What a worker is to be. */
export interface Choice {
  readonly isolation: Isolation;
  readonly sharedMemory: SharedMemory;
}

/** These share memory only to be faster, and do without where a variable of theirs says so. */
const CAN_DO_WITHOUT = ['piscina', 'tinypool'];

const NAMES = ['thread', 'copy', 'refuse', 'share'] as const;

/** Decides what the options leave open, by the file of the worker and the variables of the environment. */
export function choose({ script, given }: Plan): Choice {
  const file = 'file' in script ? script.file : undefined;
  const { isolation = isProcess(file) ? 'process' : 'thread' } = given;
  const { sharedMemory = sharedMemoryOf(file) } = given;
  if (sharedMemory !== 'share' || canShareMemory()) return { isolation, sharedMemory };
  warnOfNoMemory();
  return { isolation, sharedMemory: file !== undefined && canDoWithout(file) ? 'copy' : 'thread' };
}

/** Whether the programs of this process are to share memory with their workers, and can. */
export function wantsToShare(): boolean {
  if (process.env['ISOLATED_WORKERS_SHARED_MEMORY'] !== 'share') return false;
  if (canShareMemory()) return true;
  warnOfNoMemory();
  return false;
}

function sharedMemoryOf(file: string | undefined): SharedMemory {
  const set = process.env['ISOLATED_WORKERS_SHARED_MEMORY'];
  if (set !== undefined && set !== '') {
    const known = NAMES.find((name) => name === set);
    if (known === undefined)
      throw invalidValue('ISOLATED_WORKERS_SHARED_MEMORY', set, `must be one of: ${NAMES.join(', ')}`);
    return known;
  }
  if (here.sharedMemory === 'share') return 'share';
  return file !== undefined && canDoWithout(file) ? 'copy' : here.sharedMemory;
}

function canDoWithout(file: string): boolean {
  return CAN_DO_WITHOUT.some((name) => isOfPackage(file, name));
}

/** Whether the lists of the environment leave a worker to this library. */
function isProcess(file: string | undefined): boolean {
  const include = patterns('ISOLATED_WORKERS_INCLUDE');
  const exclude = patterns('ISOLATED_WORKERS_EXCLUDE');
  if (include.length > 0 && !include.some((pattern) => matches(file, pattern))) return false;
  return !exclude.some((pattern) => matches(file, pattern));
}

function patterns(variable: string): string[] {
  const words = (process.env[variable] ?? '').split(',').map((word) => word.trim());
  return words.filter((word) => word !== '');
}

/** A pattern is the name of a package, or the path of a file or folder: absolute, or starting with `./` or `../`. */
function matches(file: string | undefined, pattern: string): boolean {
  if (file === undefined) return false;
  if (!path.isAbsolute(pattern) && !/^\.\.?(?:[\\/]|$)/.test(pattern)) return isOfPackage(file, pattern);
  const place = path.resolve(pattern);
  return file === place || file.startsWith(place.endsWith(path.sep) ? place : place + path.sep);
}

function isOfPackage(file: string, name: string): boolean {
  return file.split(path.sep).join('/').includes(`/node_modules/${name}/`);
}
