// The Rust toolchain that takes unstable flags, and the cargo commands that do not come with Rust.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { outputOf, root, run } from '../command.mjs';

const toolsFolder = path.join(root, 'build', 'tools');
const hasNightly = outputOf('rustc', ['+nightly', '--version']) !== undefined;

/** A nightly compiler where there is one. Else the stable one, which takes the flags of its own sanitizers all the same. */
export const compiler = outputOf('rustc', hasNightly ? ['+nightly', '--version'] : ['--version']);

/** The target that this machine is: flags for a target do not reach build scripts and macros. */
export const target = /^host: (.+)$/m.exec(outputOf('rustc', ['-vV']) ?? '')?.[1];

/** Why AddressSanitizer cannot run here; `undefined` where it can. */
export const noSanitizer = process.platform === 'linux' ? undefined : 'AddressSanitizer is set up for Linux only';

/** Runs cargo of that compiler, with the variables `env` besides; resolves with its exit code. */
export function unstableCargo(args, env = {}) {
  const bootstrap = hasNightly ? {} : { RUSTC_BOOTSTRAP: '1' };
  return run('cargo', [...(hasNightly ? ['+nightly'] : []), ...args], {
    env: { ...process.env, PATH: withTools(), ...bootstrap, ...env },
  });
}

/** Whether cargo of that compiler has this subcommand. */
export function hasSubcommand(name) {
  return outputOf('cargo', [...(hasNightly ? ['+nightly'] : []), name, '--version']) !== undefined;
}

/** Installs a cargo subcommand below build/ unless it is there; gives its version, or `undefined` where that failed. */
export async function installed(name) {
  process.env.PATH = withTools();
  const version = () => outputOf('cargo', [name, '--version']);
  if (version() === undefined) {
    console.log(`installing cargo-${name} into build/tools: this takes minutes, once`);
    await run('cargo', ['install', `cargo-${name}`, '--locked', '--root', toolsFolder]);
  }
  return version();
}

/** The version of a package in a lock file of cargo. */
export function lockedVersion(lockFile, name) {
  const text = readFileSync(path.join(root, lockFile), 'utf8');
  return new RegExp(`name = "${name}"\\nversion = "(.+)"`).exec(text)?.[1];
}

function withTools() {
  const bin = path.join(toolsFolder, 'bin');
  const { PATH = '' } = process.env;
  return PATH.startsWith(bin) ? PATH : `${bin}${path.delimiter}${PATH}`;
}
