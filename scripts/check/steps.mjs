// What `npm run check:deep` runs. A command gives an exit code, or a text: why it cannot run here.
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { outputOf, root, run } from '../command.mjs';
import { runSanitizedSpecs } from './asan-addon.mjs';
import { models } from './models.mjs';
import { valgrindIsolates } from './valgrind.mjs';
import { compiler, hasSubcommand, installed, noSanitizer, target, unstableCargo } from './toolchain.mjs';

const sanitized = { RUSTFLAGS: '-Zsanitizer=address', CARGO_TARGET_DIR: 'target/asan' };

export const steps = [
  {
    name: 'loom',
    about:
      'each interleaving of the threads that share the places of a detached worker, and of those that wake the event loop',
    commands: [() => models()],
  },
  {
    name: 'asan-core',
    about: 'the Rust tests of the core under AddressSanitizer',
    commands: [
      () =>
        noSanitizer ??
        unstableCargo(['test', '--no-default-features', '--lib', '--tests', '--target', target], sanitized),
    ],
  },
  {
    name: 'asan-addon',
    about: 'hostile peers, random values and shared memory against the addon under AddressSanitizer',
    needsBuild: true,
    commands: [
      () => noSanitizer ?? unstableCargo(['build', '--target', target], sanitized),
      () => runSanitizedSpecs(path.join(root, 'target/asan', target, 'debug')),
    ],
  },
  {
    name: 'valgrind-isolate',
    about: 'the Rust tests of isolates, with the engine, under valgrind',
    commands: [() => valgrindIsolates()],
  },
  {
    name: 'miri',
    about: 'the unit tests of the protocol under miri',
    commands: [
      () => {
        if (!hasSubcommand('miri')) return `miri is not installed for ${compiler}`;
        const tests = ['frame', 'message', 'multipart', 'transaction', 'handshake', 'flow', 'output'];
        return unstableCargo(['miri', 'test', '--no-default-features', '--lib', '--', ...tests], {
          CARGO_TARGET_DIR: 'target/miri',
          MIRIFLAGS: '-Zmiri-disable-isolation',
        });
      },
    ],
  },
  {
    name: 'js-tokio',
    about: 'all rounds of the JavaScript tests on the second engine, which `npm run test:all` runs with few',
    needsBuild: true,
    commands: [
      () =>
        run(process.execPath, [
          path.join(root, 'scripts/test-js.mjs'),
          '--engine',
          'tokio',
          '--rounds',
          'all',
          '--only-repeated',
        ]),
    ],
  },
  {
    name: 'fuzz',
    about: 'libFuzzer with AddressSanitizer on each target of `fuzz/`',
    commands: [
      async () => noSanitizer ?? ((await installed('fuzz')) === undefined ? 'cargo-fuzz cannot be installed' : 0),
      ({ seconds }) => fuzz(seconds),
    ],
  },
  {
    name: 'deny',
    about: 'licences, sources and duplicates of the Rust dependencies',
    commands: [
      async () => ((await installed('deny')) === undefined ? 'cargo-deny cannot be installed' : 0),
      () => run('cargo', ['deny', 'check', 'bans', 'licenses', 'sources']),
    ],
  },
  {
    name: 'advisories',
    about: 'known vulnerabilities of the Rust dependencies',
    commands: [
      async () => {
        if ((await installed('deny')) === undefined) return 'cargo-deny cannot be installed';
        const code = await run('cargo', ['deny', 'fetch', 'db']);
        return code === 0 ? 0 : 'the advisory database cannot be fetched';
      },
      () => run('cargo', ['deny', '--offline', 'check', 'advisories']),
    ],
  },
  {
    name: 'signatures',
    about: 'the signatures of the installed npm packages',
    commands: [
      () => {
        const url = new URL('-/npm/v1/keys', outputOf('npm', ['config', 'get', 'registry']));
        return fetch(url, { signal: AbortSignal.timeout(20_000) }).then(
          ({ ok, status }) => (ok ? 0 : `the registry gives no signing keys (status ${status})`),
          () => 'the signing keys of the registry are out of reach',
        );
      },
      () => run('npm', ['audit', 'signatures']),
    ],
  },
];

/** Runs each target for `seconds`. What the fuzzer finds on its way is kept below build/, and the corpus stays as it is. */
async function fuzz(seconds) {
  for (const name of readdirSync(path.join(root, 'fuzz/corpus'))) {
    const found = path.join(root, 'build/fuzz', name);
    mkdirSync(found, { recursive: true });
    const limits = [`-max_total_time=${seconds}`, '-rss_limit_mb=1024', '-timeout=10', '-max_len=8192'];
    const args = [
      'fuzz',
      'run',
      '--release',
      name,
      found,
      `fuzz/corpus/${name}`,
      '--',
      ...limits,
      '-print_final_stats=1',
    ];
    const code = await unstableCargo(args);
    if (code !== 0) return code;
  }
  return 0;
}
