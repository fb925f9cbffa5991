// Cargo for other targets: with their standard library where it is installed, else it builds that from its sources.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { outputOf, root, run } from '../command.mjs';

/** What these checks make and fetch. */
export const folder = path.join(root, 'build', 'platforms');

/** Whether the system finds a program. */
export function has(program, args = ['--version']) {
  return outputOf(program, args) !== undefined;
}

/** Whether clippy belongs to the compiler that checks a target. */
export function hasClippy(triple) {
  return compilerFor(triple)?.hasClippy() === true;
}

/** Runs a command of cargo for a target; resolves with its exit code, or with the reason why no compiler here can. */
export async function cargo({ triple, linker, zig, env = {} }, command, args, { isOptimized = false } = {}) {
  const compiler = compilerFor(triple);
  if (compiler === undefined) return `no Rust compiler here has the standard library of ${triple}, or its sources`;
  mkdirSync(folder, { recursive: true });
  const variable = `CARGO_TARGET_${triple.toUpperCase().replaceAll('-', '_')}`;
  const fast = { LTO: 'off', CODEGEN_UNITS: '16', OPT_LEVEL: '1' };
  const profile = Object.entries({ STRIP: 'none', ...(isOptimized ? {} : fast) });
  return run(
    zig === true ? 'cargo-zigbuild' : compiler.program,
    [command, ...compiler.flags(triple), '--target', triple, ...args],
    {
      env: {
        ...process.env,
        ...compiler.env,
        ...Object.fromEntries(profile.map(([name, value]) => [`CARGO_PROFILE_RELEASE_${name}`, value])),
        ...(linker !== undefined && { [`${variable}_LINKER`]: linker }),
        LIBNODE_PATH: await emptyLibrary(triple),
        CARGO_TARGET_DIR: path.join(folder, 'target'),
        ...env,
      },
    },
  );
}

/** Where cargo puts what it builds. */
export function builtFile(triple, profile, name) {
  return path.join(folder, 'target', triple, profile, name);
}

function compilerFor(triple) {
  return compilers.find((each) => each.canBuild(triple));
}

/** The compiler of the path, and that of the system, whose sources a package may install. */
const compilers = ['', '/usr/bin/'].map((place) => {
  const [rustc, program] = [`${place}rustc`, `${place}cargo`];
  const sysroot = outputOf(rustc, ['--print', 'sysroot']) ?? '';
  const hasSources = existsSync(path.join(sysroot, 'lib/rustlib/src/rust/library/std/Cargo.toml'));
  const hasStd = (triple) => {
    const libraries = outputOf(rustc, ['--print', 'target-libdir', '--target', triple]);
    return libraries !== undefined && existsSync(libraries);
  };
  // The programs of a toolchain manager choose another compiler than the one that is named here.
  const withoutShims = (process.env.PATH ?? '').split(path.delimiter).filter((each) => !each.includes('.cargo/bin'));
  const env = { RUSTC: rustc, RUSTC_BOOTSTRAP: '1', CARGO: program, PATH: withoutShims.join(path.delimiter) };
  return {
    program,
    hasClippy: () => has(`${place}cargo-clippy`),
    canBuild: (triple) => sysroot !== '' && (hasStd(triple) || hasSources),
    flags: (triple) => (hasStd(triple) ? [] : ['-Zbuild-std=std,panic_unwind']),
    env: place === '' ? {} : { ...env, CARGO_HOME: path.join(folder, 'cargo') },
  };
});

/** The addon finds the functions of Node when it is loaded; for Windows its build wants a library to link all the same. */
async function emptyLibrary(triple) {
  const place = path.join(folder, 'libnode');
  if (!triple.includes('windows-gnu') || existsSync(path.join(place, 'libnode.dll.a'))) return place;
  mkdirSync(place, { recursive: true });
  const source = path.join(place, 'empty.c');
  writeFileSync(source, '');
  await run('x86_64-w64-mingw32-gcc', ['-shared', '-o', path.join(place, 'libnode.dll'), source]);
  await run('x86_64-w64-mingw32-ar', ['rc', path.join(place, 'libnode.dll.a')]);
  return place;
}
