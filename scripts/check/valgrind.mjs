// The tests of crates/isolate under valgrind's memcheck: it sees the engine's C and the crate's unsafe Rust alike.
import { outputOf, run } from '../command.mjs';
import { target } from './toolchain.mjs';

/** Without a suppression: each error that memcheck reports fails the step, and so does memory that is lost for good. */
const memcheck = [
  'valgrind',
  '--quiet',
  '--error-exitcode=9',
  '--leak-check=full',
  '--show-leak-kinds=definite',
  '--errors-for-leak-kinds=definite',
];
/** Tests that measure time, or run in processes of their own, tell nothing here; random ones take a fiftieth of their rounds. */
const timed = ['an_unbounded_loop', 'any_built_in_function', 'child', 'meter', 'watch', 'linear_time'];

/** Runs them; gives an exit code, or why it cannot. */
export function valgrindIsolates() {
  if (outputOf('valgrind', ['--version']) === undefined) return 'valgrind is not installed';
  const runner = `CARGO_TARGET_${target.toUpperCase().replaceAll('-', '_')}_RUNNER`;
  const tests = ['generated', 'install', 'natives', 'prelude', 'values', 'values_any'].flatMap((name) => [
    '--test',
    name,
  ]);
  const skipped = timed.flatMap((name) => ['--skip', name]);
  return run(
    'cargo',
    ['test', '-p', 'isolated-workers-isolate', '--lib', ...tests, '--', '--test-threads=1', ...skipped],
    {
      env: { ...process.env, [runner]: memcheck.join(' '), ISOLATE_ROUNDS: '120' },
    },
  );
}
