import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { WorkerError } from '../index.js';
import type * as Binding from './binding.js';
import { decode, encode } from './values.js';

/** The modules of each library for isolates: lines with the engine whose bytecode they are and with their names, and the modules. */
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
  const binding = addon();
  if (!known.has(library)) {
    const modules = readLibrary(binding, library);
    binding.useLibrary(
      library,
      modules.map(([name]) => name),
      modules.map(([, code]) => code),
    );
    known.add(library);
  }
  return binding;
}

/**
 * Loads the second addon alone, on first use.
 *
 * @throws `ERR_UNSUPPORTED_PLATFORM`.
 */
export function addon(): typeof Binding {
  if (loaded !== undefined) return loaded;
  checkRuntime();
  return (loaded = loadBinding());
}

/** A runtime may have the functions of `node:v8` by name alone. */
function checkRuntime(): void {
  try {
    decode(encode([new Uint8Array(1)], false).bytes);
  } catch (cause) {
    const { bun, deno, node } = process.versions as Record<string, string | undefined>;
    const runtime = bun === undefined ? (deno === undefined ? `Node ${node}` : `Deno ${deno}`) : `Bun ${bun}`;
    throw new WorkerError(
      'ERR_UNSUPPORTED_PLATFORM',
      `isolates need \`Serializer\` and \`Deserializer\` of node:v8, and those of ${runtime} do not work: ` +
        `${(cause as Error).message.replace(/\.$/, '')}. Run the host with Node 20 or later, or choose another driver.`,
      { cause },
    );
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

/** The modules of a library. Bytecode of another engine would be misread. */
function readLibrary(binding: typeof Binding, library: Library): [name: string, code: Buffer][] {
  const file = path.join(__dirname, files[library]);
  if (!existsSync(file)) throw mismatch(`${file} is missing`);
  const whole = readFileSync(file);
  const end = whole.indexOf('\n');
  const engine = whole.toString('utf8', 0, end);
  if (engine !== binding.engine()) throw mismatch(`${file} is for ${engine}, and the addon has ${binding.engine()}`);
  const start = whole.indexOf('\n', end + 1) + 1;
  let at = start;
  return (JSON.parse(whole.toString('utf8', end + 1, start)) as [string, number][]).map(([name, size]) => [
    name,
    whole.subarray(at, (at += size)),
  ]);
}

function mismatch(what: string): WorkerError {
  return new WorkerError(
    'ERR_UNSUPPORTED_PLATFORM',
    `the second native addon of isolated-workers does not fit the package: ${what}. Install one version of both.`,
  );
}
