import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DefaultSerializer } from 'node:v8';

import { WorkerError } from '../index.js';
import type * as Binding from './binding.js';

/** The bytecode of each library for isolates, with the engine whose it is in front. */
const files = { 'isolated-workers': 'library.bin', 'quickjs:os': 'os.bin' };

/** What runs first in an isolate: the worker's side of this library, or the module `os` for scripts of `os.Worker`. */
export type Library = keyof typeof files;

let loaded: typeof Binding | undefined;
const known = new Set<Library>();

/**
 * Loads the second addon and a library for isolates, on first use.
 *
 * @throws `ERR_UNSUPPORTED_PLATFORM`.
 */
export function load(library: Library): typeof Binding {
  checkRuntime();
  const binding = (loaded ??= loadBinding());
  if (!known.has(library)) {
    binding.useLibrary(library, readLibrary(binding, files[library]));
    known.add(library);
  }
  return binding;
}

/** Values travel in V8's format. */
function checkRuntime(): void {
  if (loaded !== undefined) return;
  try {
    void new DefaultSerializer();
  } catch (cause) {
    const text =
      'isolates need the class Serializer of node:v8, which this runtime does not implement. Run the host with Node or Deno, or use ' +
      'another driver.';
    throw new WorkerError('ERR_UNSUPPORTED_PLATFORM', text, { cause });
  }
}

function loadBinding(): typeof Binding {
  const attempts: string[] = [];
  let first: unknown;
  for (const triple of triples()) {
    for (const file of [
      path.join(__dirname, `../../isolated-workers-isolate.${triple}.node`),
      `@isolated-workers/binding-${triple}/isolated-workers-isolate.${triple}.node`,
    ]) {
      try {
        return require(file) as typeof Binding;
      } catch (error) {
        first ??= error;
        const [line = ''] = String((error as Error).message).split('\n', 1);
        attempts.push(`\n  ${file}: ${line}`);
      }
    }
  }
  throw new WorkerError(
    'ERR_UNSUPPORTED_PLATFORM',
    `isolates need the second native addon of isolated-workers, and none that loads on ${process.platform} ${process.arch} is ` +
      'installed. Install isolated-workers again on this platform with its optional dependencies, or run `npm run build` in a ' +
      `clone, which needs Rust. The other drivers work without it. Tried:${attempts.join('')}`,
    { cause: first },
  );
}

/** The possible names of builds for this platform, the most likely first. */
function triples(): string[] {
  const { platform, arch } = process;
  if (platform === 'linux') return [`linux-${arch}-gnu`, `linux-${arch}-musl`];
  if (platform === 'win32') return [`win32-${arch}-msvc`, `win32-${arch}-gnu`];
  return [`${platform}-${arch}`];
}

/** Bytecode of another engine would be misread. */
function readLibrary(binding: typeof Binding, name: string): Buffer {
  const file = path.join(__dirname, name);
  if (!existsSync(file)) throw mismatch(`${file} is missing`);
  const whole = readFileSync(file);
  const end = whole.indexOf('\n');
  const engine = whole.toString('utf8', 0, end);
  if (engine !== binding.engine()) throw mismatch(`${file} is for ${engine}, and the addon has ${binding.engine()}`);
  return whole.subarray(end + 1);
}

function mismatch(what: string): WorkerError {
  return new WorkerError(
    'ERR_UNSUPPORTED_PLATFORM',
    `the second native addon of isolated-workers does not fit the package: ${what}. Install one version of both.`,
  );
}
