// The first file of the package: it loads the library, which adds its exports to this file's own.
//
// A thread's start waits for that, and mostly for V8, which has to compile what runs: so a thread takes the code that one
// before it has compiled. The start of a process has nobody to take it from.
import type * as Fs from 'node:fs';
import { Script } from 'node:vm';
import { getEnvironmentData, isMainThread } from 'node:worker_threads';

import { findScript, isEmpty, keepScript } from './code-cache.js';
import { THREAD_KEY, type ThreadData } from './values/thread-data.js';

/** As that of a module, and one parameter more: `exports` is that of this file already. */
const BEFORE = '(function (exports, require, module, __filename, __dirname, isJoined) {';
const AFTER = '\n})';

/**
 * What the library of this build begins with, and that of no other. Where this file is part of a user's bundle, there may be
 * another's file in its place.
 */
declare const LIBRARY_MARK: string;

if (isMainThread || !loadFromCode()) require('./library.cjs');

function loadFromCode(): boolean {
  const data = getEnvironmentData(THREAD_KEY) as unknown as ThreadData | undefined;
  if (data?.code === undefined) return false;
  const { code } = data;
  const filename = `${__dirname}/library.cjs`;
  const key = LIBRARY_MARK + filename;
  const found = findScript(code, key, filename, -BEFORE.length);
  if (found !== undefined) {
    run(found, filename);
    return true;
  }
  const source = readLibrary(filename);
  if (source === undefined) return false;
  const text = BEFORE + source + AFTER;
  const script = new Script(text, { filename, columnOffset: -BEFORE.length });
  run(script, filename);
  if (isEmpty(code)) data.keepCode = () => keepScript(code, key, text, script);
  return true;
}

function run(script: Script, filename: string): void {
  const load = script.runInThisContext() as (...args: unknown[]) => void;
  load.call(module.exports, module.exports, require, module, filename, __dirname, true);
}

function readLibrary(filename: string): string | undefined {
  // Loaded here: a thread that finds code does not need it.
  const { readFileSync } = require('node:fs') as typeof Fs;
  try {
    const source = readFileSync(filename, 'latin1');
    return source.startsWith(LIBRARY_MARK) ? source : undefined;
  } catch {
    return undefined;
  }
}
