// The native addon: isolated-workers.<platform>.node in the root, and its TypeScript declarations.
import { run, runTool } from '../command.mjs';
import { formatFile } from './generated.mjs';

const declarations = 'ts/addon/binding.d.ts';

export const native = {
  name: 'native',
  title: 'native addon',
  inputs: () => ['Cargo.toml', 'Cargo.lock', 'build.rs', 'rust-toolchain.toml', '.cargo/config.toml', 'src'],
  outputs: () => [`isolated-workers.${platform()}.node`, declarations],
  async build({ profile }) {
    // Names the compiler in the log, and fails with a clear word where there is none.
    await run('cargo', ['--version']);
    // The facade loads the addon itself, so that one place knows where it may lie: no generated loader.
    const args = ['build', '--platform', '--no-js', '--dts', declarations];
    if (profile === 'release') args.push('--release');
    if ((await runTool('@napi-rs/cli', 'napi', args)) !== 0) throw new Error('the native addon could not be built');
    await formatFile(declarations);
  },
};

/** The platform as napi-rs spells it in the names of addons and platform packages. */
export function platform() {
  if (process.platform === 'linux') return `linux-${process.arch}-${usesGlibc() ? 'gnu' : 'musl'}`;
  if (process.platform === 'win32') return `win32-${process.arch}-msvc`;
  return `${process.platform}-${process.arch}`;
}

function usesGlibc() {
  return process.report.getReport().header.glibcVersionRuntime !== undefined;
}
