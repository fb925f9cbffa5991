// Running other programs: the repository's root, and a command or a dev dependency's tool to its exit code.
import { AsyncLocalStorage } from 'node:async_hooks';
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** The file to which the commands that {@link captured} runs write. */
const captureFile = new AsyncLocalStorage();

/** Calls a function; resolves with its result and with what the commands that it ran wrote to the terminal. */
export async function captured(act) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'isolated-workers-output-'));
  const name = path.join(folder, 'output');
  const file = openSync(name, 'a');
  try {
    const result = await captureFile.run(file, act);
    return { result, text: readFileSync(name, 'utf8') };
  } finally {
    closeSync(file);
    rmSync(folder, { recursive: true });
  }
}

/** Prints a line where the commands of the caller write. */
export function print(line) {
  writeSync(captureFile.getStore() ?? 1, `${line}\n`);
}

/** Runs a command in the root, which writes to the terminal unless {@link captured}; resolves with its exit code. */
export function run(command, args, { env = process.env, cwd = root } = {}) {
  return new Promise((resolve, reject) => {
    const written = captureFile.getStore() ?? 'inherit';
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', written, written] });
    child.once('error', (error) => reject(error.code === 'ENOENT' ? missing(command, error) : error));
    child.once('exit', (code, signal) => {
      if (signal !== null) print(`${command} was ended by ${signal}`);
      resolve(code ?? 1);
    });
  });
}

/** What a command writes to standard output, trimmed; `undefined` where it cannot be run or fails. */
export function outputOf(command, args, { cwd = root, timeout } = {}) {
  const { status, stdout } = spawnSync(command, args, {
    cwd,
    timeout,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return status === 0 ? stdout.trim() : undefined;
}

/** Runs a command of a dev dependency with this Node; see {@link run}. */
export function runTool(packageName, command, args, options) {
  return run(process.execPath, [tool(packageName, command), ...args], options);
}

/**
 * The JavaScript file of a dev dependency's command. node_modules/.bin is no way to find it: several packages here bring
 * a `tsc`, and on Windows the entries are shell scripts.
 */
export function tool(packageName, command) {
  const folder = path.join(root, 'node_modules', packageName);
  const { bin } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  return path.join(folder, typeof bin === 'string' ? bin : bin[command]);
}

function missing(command, cause) {
  const hint = command === 'cargo' ? ' The addon is built from Rust sources: install Rust from https://rustup.rs' : '';
  return new Error(`"${command}" was not found.${hint}`, { cause });
}
