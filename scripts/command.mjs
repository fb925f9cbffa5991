// Running other programs: the repository's root, and a command or a dev dependency's tool to its exit code.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs a command in the root with the terminal passed through; resolves with its exit code. */
export function run(command, args, { env = process.env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', (error) => reject(error.code === 'ENOENT' ? missing(command, error) : error));
    child.once('exit', (code, signal) => {
      if (signal !== null) console.error(`${command} was ended by ${signal}`);
      resolve(code ?? 1);
    });
  });
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
