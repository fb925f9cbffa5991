import path from 'node:path';

import { RuntimeFlag } from './runtime-flags.js';
import { currentFolder, startFolder } from '../util/start-folder.js';

/**
 * The `execArgv` that a worker inherits: this process's, without flags of its main script. Only one process can use a
 * debugger port, so a worker of a debugged host uses a free one. Relative files keep their folder, whatever the
 * worker's folder is.
 */
export function inheritedExecArgv(folder?: string, execArgv: readonly string[] = process.execArgv): string[] {
  const to = folderFrom(folder);
  return RuntimeFlag.parse(execArgv).flatMap((flag) => flag.inherited(startFolder, to));
}

function folderFrom(folder: string | undefined): string {
  return path.resolve(currentFolder() ?? '/', folder ?? '.');
}

/**
 * The flags in the environment of a worker, if it is this process's own: files and ports are treated as in
 * `inheritedExecArgv`. `undefined`: no change.
 */
export function inheritedNodeOptions(env: NodeJS.ProcessEnv, folder: string | undefined): string | undefined {
  const options = env['NODE_OPTIONS'];
  if (options === undefined || options === '' || options !== process.env['NODE_OPTIONS']) return undefined;
  const words = splitOptions(options);
  const inherited = RuntimeFlag.parse(words).flatMap((flag) =>
    flag.isOfScript ? flag.words : flag.inherited(startFolder, folderFrom(folder)),
  );
  if (inherited.length === words.length && inherited.every((word, index) => word === words[index])) return undefined;
  return inherited.map(quote).join(' ');
}

/**
 * Splits as Node does: spaces separate, double quotes group, a backslash in quotes takes the next character literally.
 */
function splitOptions(options: string): string[] {
  const words = options.match(/(?:[^\s"]|"(?:\\.|[^"\\])*")+/g) ?? [];
  return words.map((word) => word.replace(/"((?:\\.|[^"\\])*)"/g, (_, inner: string) => inner.replace(/\\(.)/g, '$1')));
}

function quote(word: string): string {
  return /[\s"\\]/.test(word) ? `"${word.replace(/["\\]/g, '\\$&')}"` : word;
}

/**
 * Whether a thread can inherit by itself. Node ignores flags for text to run, and resolves relative files against the
 * folder that is current then.
 */
export function areForThreads(execArgv: readonly string[] = process.execArgv): boolean {
  return !RuntimeFlag.parse(execArgv).some((flag) => flag.isInputType || (flag.isOfThread && flag.isRelative));
}

/** The `execArgv` that a thread inherits, if Node cannot handle it. */
export function threadExecArgv(execArgv: readonly string[] = process.execArgv): string[] {
  const flags = RuntimeFlag.parse(execArgv).filter((flag) => flag.isOfThread);
  return flags.flatMap((flag) => flag.inherited(startFolder, startFolder));
}
