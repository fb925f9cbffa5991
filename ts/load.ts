// The first file of the package: it loads the library, which adds its exports to this file's own.
//
// A thread's start waits for that, and mostly for V8, which has to compile what runs: so a thread takes the code that one
// before it has compiled. The start of a process has nobody to take it from.
import { readFileSync } from 'node:fs';
import { getEnvironmentData, isMainThread } from 'node:worker_threads';

import { CodeCache } from './code-cache.js';
import { THREAD_KEY, type ThreadData } from './values/thread-data.js';

/** As that of a module, and one parameter more: `exports` is that of this file already. */
const WRAP = ['(function (exports, require, module, __filename, __dirname, isJoined) {', '\n})'] as const;

/** What the library begins with. Where this file is part of a user's bundle, there may be another's file in its place. */
declare const LIBRARY_MARK: string;

if (isMainThread || !loadFromCode()) require('./library.cjs');

function loadFromCode(): boolean {
  const data = getEnvironmentData(THREAD_KEY) as unknown as ThreadData | undefined;
  if (data?.code === undefined) return false;
  const filename = `${__dirname}/library.cjs`;
  let source: Buffer;
  try {
    source = readFileSync(filename);
  } catch {
    return false;
  }
  if (source.toString('latin1', 0, LIBRARY_MARK.length) !== LIBRARY_MARK) return false;
  const cache = new CodeCache(data.code);
  const script = cache.compile(source, filename, WRAP);
  const load = script.runInThisContext() as (...args: unknown[]) => void;
  load.call(module.exports, module.exports, require, module, filename, __dirname, true);
  if (cache.isEmpty) data.keepCode = () => cache.keep(source, script);
  return true;
}
