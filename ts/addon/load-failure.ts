import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { WorkerError } from '../errors/worker-error.js';
import { reasonOf } from '../util/safely.js';

/** A file or package that could not be loaded as the addon. */
export interface Attempt {
  readonly file: string;
  readonly error: unknown;
}

const INSTEAD = 'WorkerThreadsDriver, InProcessDriver and custom drivers work without it.';

/** Says why the addon could not be loaded: nothing allows it, none is there, or none of those there fits. */
export function loadFailure(attempts: readonly Attempt[]): WorkerError {
  const denied = attempts.find(({ error }) => isDenied(error));
  if (denied !== undefined) return addonsDisabled(attempts, denied);
  if (isBundled()) return partOfBundle(attempts);
  const broken = attempts.find(({ error }) => !isMissing(error));
  const what =
    broken === undefined
      ? `processes need the native addon of isolated-workers, and none for ${describePlatform()} is installed. ` +
        `${adviseInstall()} Or run \`npm run build\` in a clone, which needs Rust.`
      : `processes need the native addon of isolated-workers, and the one that is installed does not load on ` +
        `${describePlatform()}: ${firstLine(broken.error)} ${adviseInstall()}`;
  return new WorkerError('ERR_UNSUPPORTED_PLATFORM', `${what} ${INSTEAD}${listOf(attempts)}`, {
    cause: (broken ?? attempts[0])?.error,
  });
}

function addonsDisabled(attempts: readonly Attempt[], { error }: Attempt): WorkerError {
  const advice =
    process.versions['deno'] === undefined
      ? 'Leave out `--no-addons`; with the permission model, start the process with `--allow-addons`.'
      : 'Start the process with `--allow-ffi`.';
  return new WorkerError(
    'ERR_ADDONS_DISABLED',
    `processes need the native addon of isolated-workers, which is installed for ${describePlatform()} but may not be ` +
      `loaded in this process: ${firstLine(error)} ${advice} ${INSTEAD}${listOf(attempts)}`,
    { cause: error },
  );
}

/** The addon is no part of a bundle, and this file cannot find it from there. */
function partOfBundle(attempts: readonly Attempt[]): WorkerError {
  return new WorkerError(
    'ERR_UNSUPPORTED_PLATFORM',
    `processes need the native addon of isolated-workers, which a bundle cannot contain: mark isolated-workers as external in ` +
      `the settings of the bundler, and install it where the bundle runs. ${INSTEAD}${listOf(attempts)}`,
    { cause: attempts[0]?.error },
  );
}

/** A bundler has made this file a part of another one. */
function isBundled(): boolean {
  return typeof __dirname === 'undefined' || !existsSync(join(__dirname, 'library.cjs'));
}

/** The file exists, but the runtime may not load it. */
function isDenied(error: unknown): boolean {
  const { code, name } = error as NodeJS.ErrnoException;
  return /^ERR_(DLOPEN_DISABLED|ACCESS_DENIED)$/.test(code ?? '') || /^(NotCapable|PermissionDenied)$/.test(name);
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND';
}

/** The operating system, the processor and the C library, as far as the runtime knows them. */
function describePlatform(): string {
  const { platform, arch } = process;
  return [`${platform} ${arch}`, platform === 'linux' ? libc() : undefined].filter(Boolean).join(' with ');
}

function libc(): string {
  const { header, sharedObjects = [] } = report();
  if (header?.glibcVersionRuntime !== undefined) return `glibc ${header.glibcVersionRuntime}`;
  return sharedObjects.some((file) => /ld-musl-|libc\.musl-/.test(file)) ? 'musl' : 'an unknown C library';
}

interface Report {
  readonly header?: { readonly glibcVersionRuntime?: string };
  readonly sharedObjects?: readonly string[];
}

/** Empty where the runtime makes no reports. */
function report(): Report {
  try {
    return process.report.getReport() as Report;
  } catch {
    return {};
  }
}

function adviseInstall(): string {
  return (
    'Install isolated-workers again on this platform with its optional dependencies: without `--omit=optional`, and not ' +
    'from a `node_modules` of another platform.'
  );
}

/** One line for each attempt. */
function listOf(attempts: readonly Attempt[]): string {
  return ` Tried:${attempts.map(({ file, error }) => `\n  ${placeOf(file)}: ${firstLine(error)}`).join('')}`;
}

/** The path of a file, the name of a package. */
function placeOf(file: string): string {
  return file.startsWith('.') && typeof __dirname !== 'undefined' ? join(__dirname, file) : file;
}

function firstLine(error: unknown): string {
  const [line = ''] = reasonOf(error).split('\n', 1);
  return /[.!?]$/.test(line) ? line : `${line}.`;
}
