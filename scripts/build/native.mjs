// The native addons in the root: isolated-workers.<platform>.node with its TypeScript declarations, and that of isolates,
// isolated-workers-isolate.<platform>.node.
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

const isolateDeclarations = 'ts/isolate/binding.d.ts';

/** The second addon, which only the driver for isolates loads. */
export const isolate = {
  name: 'isolate',
  title: 'addon of isolates',
  inputs: () => ['Cargo.toml', 'Cargo.lock', 'rust-toolchain.toml', '.cargo/config.toml', 'crates/isolate'],
  outputs: () => [isolateAddon(), isolateDeclarations],
  async build({ profile }) {
    const named = ['--package', 'isolated-workers-isolate', '--config-path', 'crates/isolate/napi.json'];
    const args = ['build', '--platform', '--no-js', ...named, '--features', 'napi'];
    args.push('--output-dir', '.', '--dts', isolateDeclarations);
    if (profile === 'release') args.push('--release');
    if ((await runTool('@napi-rs/cli', 'napi', args)) !== 0)
      throw new Error('the addon of isolates could not be built');
    await formatFile(isolateDeclarations);
  },
};

/** The file of the second addon. */
export function isolateAddon() {
  return `isolated-workers-isolate.${platform()}.node`;
}

/** The platform as napi-rs spells it in the names of addons and platform packages. */
export function platform() {
  if (process.platform === 'linux') return `linux-${process.arch}-${usesGlibc() ? 'gnu' : 'musl'}`;
  if (process.platform === 'win32') return `win32-${process.arch}-msvc`;
  return `${process.platform}-${process.arch}`;
}

function usesGlibc() {
  return process.report.getReport().header.glibcVersionRuntime !== undefined;
}
