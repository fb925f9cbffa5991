import { fileURLToPath } from 'node:url';

import { WorkerError } from '../../index.js';
import type { WorkerOptions } from './types.js';

const names: readonly (keyof WorkerOptions)[] = ['initialData', 'overrideCode', 'driverOptions'];

/** @throws `ERR_INVALID_OPTION`. */
export function checkOptions(options: WorkerOptions): void {
  if (!isObject(options)) throw invalid('options', 'an object', options);
  const unknown = Object.keys(options).find((name) => !(names as readonly string[]).includes(name));
  if (unknown !== undefined) throw invalid('options', `an object with ${names.join(', ')}`, unknown);
  const { overrideCode, driverOptions } = options;
  if (overrideCode !== undefined && typeof overrideCode !== 'string') {
    throw invalid('overrideCode', 'a text', overrideCode);
  }
  if (driverOptions !== undefined && !isObject(driverOptions)) {
    throw invalid('driverOptions', 'an object', driverOptions);
  }
}

/** The path of a script. */
export function fileOf(file: unknown): string {
  if (typeof file === 'string' && file !== '') return file;
  if (file instanceof URL && file.protocol === 'file:') return fileURLToPath(file);
  throw invalid('file', 'a path or a file URL', file);
}

/** @throws `TypeError`, as in a worker. */
export function listenerOf<T>(name: string, listener: T): T {
  if (listener === null || typeof listener === 'function') return listener;
  throw new TypeError(`${name} of a Worker must be a function or null, not ${typeof listener}`);
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function invalid(name: string, expected: string, value: unknown): WorkerError {
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return new WorkerError('ERR_INVALID_OPTION', `\`${name}\` of new Worker() must be ${expected}, not ${shown}`);
}
