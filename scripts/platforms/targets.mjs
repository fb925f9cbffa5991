// The targets that `npm run check:platforms` knows, and what it does with each.
import { loadWithMusl, underQemu, underWine } from './runtimes.mjs';

/** Spec files that run on an emulated system. */
const specs = ['host/lifecycle', 'host/chaos', 'drivers/process/orphans', 'requests/messages', 'requests/timeouts'];
const detached = ['detached/detached', 'detached/hosts', 'detached/calls', 'detached/kept-results'];

/**
 * `linker`: the program that links. `zig`: cargo-zigbuild builds it. Neither: `cargo check`. `run` gives what the suites run in, or
 * the reason why nothing runs here.
 */
export const platforms = [
  {
    triple: 'x86_64-pc-windows-gnu',
    addon: 'isolated-workers.win32-x64-gnu.node',
    library: 'isolated_workers.dll',
    linker: 'x86_64-w64-mingw32-gcc',
    run: underWine,
    rustTests: ['--test', 'windows_pipes'],
    specs: [...specs, 'host/reconnect', 'host/restarting', ...detached],
  },
  {
    triple: 'aarch64-unknown-linux-gnu',
    addon: 'isolated-workers.linux-arm64-gnu.node',
    library: 'libisolated_workers.so',
    linker: 'aarch64-linux-gnu-gcc',
    run: underQemu,
    rustTests: ['--no-default-features', '--lib'],
    specs,
  },
  {
    triple: 'x86_64-unknown-linux-musl',
    library: 'libisolated_workers.so',
    zig: true,
    env: { RUSTFLAGS: '-C target-feature=-crt-static' },
    load: loadWithMusl,
  },
  { triple: 'x86_64-apple-darwin', library: 'libisolated_workers.dylib', zig: true },
  { triple: 'aarch64-apple-darwin', library: 'libisolated_workers.dylib', zig: true },
  { triple: 'x86_64-pc-windows-msvc' },
  { triple: 'aarch64-pc-windows-msvc' },
  { triple: 'x86_64-unknown-freebsd' },
];
