// The targets that `npm run check:platforms` knows, and what it does with each.
import { loadWithMusl, underMusl } from './musl.mjs';
import { underQemu, underWine } from './runtimes.mjs';

/** Spec files that run in each version of Node of a target. */
const specs = ['host/lifecycle', 'host/chaos', 'drivers/process/orphans'];
/** Spec files for which one version is enough, because they take minutes in an emulator. */
const requests = ['requests/messages', 'requests/timeouts'];
const restarts = ['host/reconnect', 'host/restarting', 'host/output-lines'];
const detached = ['detached', 'hosts', 'calls', 'kept-results', 'attach-or-create'].map((name) => `detached/${name}`);

/**
 * `linker`: the program that links. `zig`: cargo-zigbuild builds it. Neither: the compiler checks it. `run` gives what the suites run
 * in, or the reason why nothing runs here; `load` then loads the addon alone.
 */
export const platforms = [
  {
    triple: 'x86_64-pc-windows-gnu',
    addon: 'isolated-workers.win32-x64-gnu.node',
    library: 'isolated_workers.dll',
    linker: 'x86_64-w64-mingw32-gcc',
    run: underWine,
    rustTests: [['--test', 'windows_pipes']],
    specs,
    specsOfFirst: [...requests, ...restarts, ...detached],
  },
  {
    triple: 'aarch64-unknown-linux-gnu',
    addon: 'isolated-workers.linux-arm64-gnu.node',
    library: 'libisolated_workers.so',
    linker: 'aarch64-linux-gnu-gcc',
    run: underQemu,
    rustTests: [['--no-default-features']],
    specs: [...specs, ...requests],
  },
  {
    triple: 'x86_64-unknown-linux-musl',
    addon: 'isolated-workers.linux-x64-musl.node',
    library: 'libisolated_workers.so',
    zig: true,
    env: { RUSTFLAGS: '-C target-feature=-crt-static' },
    run: underMusl,
    load: loadWithMusl,
    rustTests: [['--no-default-features']],
    specs: [...specs, ...requests, ...restarts, ...detached],
  },
  {
    triple: 'aarch64-unknown-linux-musl',
    library: 'libisolated_workers.so',
    zig: true,
    env: { RUSTFLAGS: '-C target-feature=-crt-static' },
  },
  { triple: 'x86_64-apple-darwin', library: 'libisolated_workers.dylib', zig: true },
  { triple: 'aarch64-apple-darwin', library: 'libisolated_workers.dylib', zig: true },
  { triple: 'x86_64-pc-windows-msvc' },
  { triple: 'aarch64-pc-windows-msvc' },
  { triple: 'x86_64-unknown-freebsd' },
];
