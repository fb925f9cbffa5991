import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { invalidOption, WorkerError } from './errors.js';

/** The absolute path of a worker's script, as `fork` would find it. */
export function resolveScript(script: unknown): string {
  if (script instanceof URL) {
    if (script.protocol !== 'file:') throw invalidOption('script', 'a path or a file URL', script.href);
    return findScript(pathOf(script));
  }
  if (typeof script !== 'string' || script === '') throw invalidOption('script', 'a path or a file URL', script);
  if (script.startsWith('file:')) return findScript(pathOf(script));
  return findScript(path.resolve(script));
}

function pathOf(url: string | URL): string {
  try {
    return fileURLToPath(url);
  } catch {
    throw invalidOption('script', 'a path or a URL of a file on this machine', String(url));
  }
}

/** What was found last: often there are more workers of the same script. */
let last: { readonly file: string; readonly found: string } | undefined;

function findScript(file: string): string {
  let found: string;
  try {
    // Node's own resolution, which keeps what it has found, too: the extension may be left out, a folder may have an index.
    found = last?.file === file ? last.found : createRequire(file).resolve(file);
    accessSync(found, constants.R_OK);
    last = { file, found };
  } catch (error) {
    last = undefined;
    const missing = (error as NodeJS.ErrnoException).code !== 'EACCES';
    const reason = missing ? 'there is no such file' : 'this process may not read it';
    const text = `cannot start a worker from ${file}: ${reason}. Check \`script\`; a path is relative to ${process.cwd()}.`;
    throw new WorkerError('ERR_SCRIPT_NOT_FOUND', text, { cause: error });
  }
  return found;
}

/** Arguments for the runtime that are needed to run this script: a loader, if it is TypeScript and needs one. */
export function loaderArguments(script: string, execArgv: readonly string[]): string[] {
  if (!isTypeScript(script) || runsTypeScript() || namesLoader(execArgv)) return [];
  return ['--import', fromTsx(script, (tsx) => urlOf(tsx, 'tsx'))];
}

/** The same for a thread. There `tsx` does nothing until it is told to, even if it is among the arguments already. */
export function threadLoaderArguments(script: string, execArgv: readonly string[]): string[] {
  if (!isTypeScript(script) || runsTypeScript()) return [];
  if (namesLoader(execArgv) && !execArgv.some((argument) => /(^|[/=])tsx([/@]|$)/.test(argument))) return [];
  const source = fromTsx(script, (tsx) =>
    ['tsx/esm/api', 'tsx/cjs/api']
      // The CommonJS build of it does not find its own files.
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

/** What `use` makes of the tsx that is installed for the script, or else for the current directory. */
function fromTsx(script: string, use: (require: NodeJS.Require) => string): string {
  for (const base of [script, path.join(process.cwd(), 'index.js')]) {
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
