import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { invalidPath, invalidScheme, invalidType, invalidValue } from '../errors.js';
import type { StartupData } from '../frames.js';
import { original } from '../originals.js';
import type { WorkerOptions } from '../public.js';

/** The checked options. */
export interface Plan {
  readonly script: StartupData['script'];
  readonly given: WorkerOptions;
  readonly name: string;
  /** As it was when the worker was made. */
  readonly env: NodeJS.ProcessEnv;
  readonly sharesEnv: boolean;
}

/** Checks the arguments of `new Worker`, with Node's errors. */
export function checkArguments(filename: unknown, given: WorkerOptions): Plan {
  const script = scriptOf(filename, given);
  const { argv, execArgv, env, name } = given;
  if (argv !== undefined && !Array.isArray(argv)) throw invalidType('options.argv', 'an instance of Array', argv);
  if (execArgv !== undefined && !Array.isArray(execArgv)) {
    throw invalidType('options.execArgv', 'an instance of Array', execArgv);
  }
  const sharesEnv = env === original.SHARE_ENV;
  if (env !== undefined && env !== null && !sharesEnv && typeof env !== 'object') {
    const expected = 'of type object or one of undefined, null, or worker_threads.SHARE_ENV';
    throw invalidType('options.env', expected, env);
  }
  if (name !== undefined && typeof name !== 'string') throw invalidType('options.name', 'of type string', name);
  checkOneOf('isolation', given.isolation, ['process', 'thread', 'isolate']);
  checkOneOf('sharedMemory', given.sharedMemory, ['thread', 'copy', 'refuse', 'share']);
  const isOwn = !sharesEnv && env !== undefined && env !== null;
  const environment = isOwn ? copied(env as NodeJS.ProcessEnv) : { ...process.env };
  return { script, given, name: name ?? '', env: environment, sharesEnv };
}

function scriptOf(filename: unknown, { eval: isSource }: WorkerOptions): StartupData['script'] {
  if (isSource) {
    if (typeof filename === 'string') return { source: filename };
    throw invalidValue('options.eval', isSource, "must be false when 'filename' is not a string");
  }
  if (isUrl(filename)) {
    if (filename.protocol === 'data:') return { url: filename.href };
    if (filename.protocol !== 'file:') throw invalidScheme();
    // The loader knows parameters; `process.argv` has a path.
    return filename.search === '' && filename.hash === '' ? { file: fileURLToPath(filename) } : { url: filename.href };
  }
  if (typeof filename !== 'string') throw invalidType('filename', 'of type string or an instance of URL', filename);
  if (path.isAbsolute(filename) || /^\.\.?[\\/]/.test(filename)) return { file: path.resolve(filename) };
  throw invalidPath(filename);
}

/** Also one of another realm, as test runners make them. */
function isUrl(value: unknown): value is URL {
  const { href, protocol } = (typeof value === 'object' && value !== null ? value : {}) as Partial<URL>;
  return typeof href === 'string' && typeof protocol === 'string';
}

function copied(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, String(value)]));
}

function checkOneOf(name: string, value: unknown, known: readonly string[]): void {
  if (value === undefined || known.includes(value as string)) return;
  const names = known.map((each) => `'${each}'`).join(', ');
  throw invalidValue(`options.${name}`, value, `must be one of: ${names}`);
}
