import { accessSync, constants, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { invalidOption, WorkerError } from '../errors/worker-error.js';
import { currentFolder } from '../util/start-folder.js';

/** The absolute path of a worker's script, resolved as by `fork`. */
export function resolveScript(script: unknown): string {
  if (isUrl(script)) {
    if (script.protocol !== 'file:') throw invalidOption('script', 'a path or a file URL', script.href);
    return findScript(pathOf(script));
  }
  if (typeof script !== 'string' || script === '') throw invalidOption('script', 'a path or a file URL', script);
  if (script.startsWith('file:')) return findScript(pathOf(script));
  return findScript(path.isAbsolute(script) ? path.normalize(script) : fromFolder(script));
}

/**
 * The unresolved script of a custom driver: a path, a name on another machine, source text. Only a URL becomes text: a
 * file URL its path, another one its address.
 */
export function givenScript(script: unknown): string {
  if (isUrl(script)) return script.protocol === 'file:' ? pathOf(script) : script.href;
  if (typeof script !== 'string' || script === '') throw invalidOption('script', 'non-empty text, or a URL', script);
  return script;
}

/** Recognises URLs of another realm: a DOM environment of a test runner has its own class. */
function isUrl(script: unknown): script is URL {
  const { href, protocol } = (script ?? {}) as Partial<URL>;
  return typeof script === 'object' && typeof href === 'string' && typeof protocol === 'string';
}

/** Without a current folder the path stays unresolved, and does not exist. */
function fromFolder(script: string): string {
  const folder = currentFolder();
  return folder === undefined ? script : path.resolve(folder, script);
}

function pathOf(url: string | URL): string {
  try {
    return fileURLToPath(typeof url === 'string' ? url : url.href);
  } catch {
    throw invalidOption('script', 'a path or a URL of a file on this machine', String(url));
  }
}

/** The last result: workers often share a script. */
let last: { readonly file: string; readonly found: string } | undefined;

function findScript(file: string): string {
  let found: string;
  try {
    if (!path.isAbsolute(file)) throw Object.assign(new Error('there is no current directory'), { code: 'ENOENT' });
    found = last?.file === file || last?.found === file ? last.found : located(file);
    accessSync(found, constants.R_OK);
    // The compiler may run while this program does.
    if (found !== typed(file) && last?.found !== found) last = { file, found };
  } catch (error) {
    last = undefined;
    const missing = (error as NodeJS.ErrnoException).code !== 'EACCES';
    const reason = missing ? 'there is no such file' : 'this process may not read it';
    const folder = currentFolder() ?? 'the current directory, which was removed';
    const text = `cannot start a worker from ${file}: ${reason}. Check \`script\`; a path is relative to ${folder}.`;
    throw new WorkerError('ERR_SCRIPT_NOT_FOUND', text, { cause: error });
  }
  return found;
}

/**
 * Node's own resolution, which also caches its results: the path may omit the extension, and a folder may have an
 * index. If `x.js` is missing beside `x.ts`, the program has not been compiled and runs with a loader, or directly in
 * the runtime.
 */
function located(file: string): string {
  try {
    return createRequire(file).resolve(file);
  } catch (error) {
    const source = typed(file);
    if (source === undefined || !existsSync(source)) throw error;
    return source;
  }
}

/** The source of a file, if the file is JavaScript. */
function typed(file: string): string | undefined {
  return /\.[cm]?js$/.test(file) ? `${file.slice(0, -2)}ts` : undefined;
}

/** Arguments for the runtime to run this script: a loader, if it is TypeScript and needs one. */
export function loaderArguments(script: string, execArgv: readonly string[]): string[] {
  if (!isTypeScript(script) || runsTypeScript() || namesLoader(execArgv)) return [];
  return ['--import', fromTsx(script, (tsx) => urlOf(tsx, 'tsx'))];
}

/**
 * Like the other, for a thread. There `tsx` needs an explicit registration, even if it is among the arguments already.
 */
export function threadLoaderArguments(script: string, execArgv: readonly string[]): string[] {
  if (!isTypeScript(script) || runsTypeScript()) return [];
  if (namesLoader(execArgv) && !execArgv.some((argument) => /(^|[/=])tsx([/@]|$)/.test(argument))) return [];
  const source = fromTsx(script, (tsx) =>
    ['tsx/esm/api', 'tsx/cjs/api']
      // Its CommonJS build does not find its own files.
      .map((api) => urlOf(tsx, api).replace(/\.cjs$/, '.mjs'))
      .map((url, index) => `import * as api${index} from ${JSON.stringify(url)}; api${index}.register();`)
      .join(''),
  );
  return ['--import', `data:text/javascript,${encodeURIComponent(source)}`];
}

function isTypeScript(script: string): boolean {
  return /\.[cm]?ts$/.test(script);
}

function urlOf(require: NodeJS.Require, name: string): string {
  return pathToFileURL(require.resolve(name)).href;
}

/** Applies `use` to the `tsx` that is installed for the script, or else for the current directory. */
function fromTsx(script: string, use: (require: NodeJS.Require) => string): string {
  for (const base of [script, path.join(currentFolder() ?? path.parse(script).root, 'index.js')]) {
    try {
      return use(createRequire(base));
    } catch {
      // Not installed there.
    }
  }
  throw new WorkerError(
    'ERR_TYPESCRIPT_UNSUPPORTED',
    `cannot run ${script}: Node ${process.versions.node} does not run TypeScript, and \`tsx\` is not installed. ` +
      'Install tsx, use Node 22.18 or later, or compile the script.',
  );
}

function runsTypeScript(): boolean {
  if (process.versions['bun'] !== undefined || process.versions['deno'] !== undefined) return true;
  const { typescript } = process.features as { typescript?: string | false };
  return typeof typescript === 'string' && typescript !== '';
}

function namesLoader(execArgv: readonly string[]): boolean {
  const loader = /(^|[/=])(tsx|ts-node|swc-node|esbuild-register|jiti)([/@]|$)|--experimental-(strip|transform)-types/;
  return execArgv.some((argument) => loader.test(argument));
}
