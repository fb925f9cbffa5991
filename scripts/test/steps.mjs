// What `npm test` runs, in order, and what `npm run test:all` adds to it. A step is a name, and commands to exit codes; the
// first command that fails ends it. No step with `isParallel` measures time, so such steps run beside the build. The newest
// TypeScript takes a third of the time of the one that builds the package, which checks everything in `npm run test:all`.
import path from 'node:path';
import { models } from '../check/models.mjs';
import { noRegistry } from '../compat/registry.mjs';
import { root, run, runTool } from '../command.mjs';
import { checkFiles } from './files.mjs';

const cargo = (...args) => run('cargo', args);
// `cargo-test` fuzzes the decoders with other numbers at each run, and `cargo-core` with these.
const seeded = { env: { ...process.env, FUZZ_SEED: '1' } };
const typecheck = (compiler) =>
  ['tsconfig.json', 'tsconfig.test.json', 'tsconfig.package.json'].map((project) => () => {
    return runTool(compiler, 'tsc', ['--noEmit', '--pretty', '--project', project]);
  });
const script = (name, ...args) => run(process.execPath, [path.join(root, 'scripts', name), ...args]);

// Windows has only the one engine.
const [engine, ...otherEngines] = process.platform === 'win32' ? ['tokio'] : ['uv', 'tokio'];

/** Every kind of check, and every JavaScript test on one engine. */
export const steps = [
  { name: 'files', isParallel: true, commands: [checkFiles] },
  { name: 'rustfmt', isParallel: true, commands: [() => cargo('fmt', '--check')] },
  { name: 'lint', isParallel: true, commands: [() => runTool('oxlint', 'oxlint', ['--deny-warnings'])] },
  {
    name: 'prettier',
    isParallel: true,
    commands: [() => runTool('prettier', 'prettier', ['--check', '--log-level', 'warn', '.'])],
  },
  { name: 'cargo-lib', isParallel: true, commands: [() => cargo('test', '--no-default-features', '--lib')] },
  {
    name: 'typecheck',
    isParallel: true,
    needsBuild: true,
    commands: typecheck('typescript-7'),
  },
  { name: 'types', isParallel: true, needsBuild: true, commands: [() => script('test-types.mjs', 'typescript-7')] },
  // A file waits for processes for much of its time, so three of them use two processors better than two do.
  {
    name: `js-${engine}`,
    needsBuild: true,
    commands: [() => script('test-js.mjs', '--engine', engine, '--concurrency', '3')],
  },
];

/**
 * The crate's integration tests, with and without Node-API, each interleaving of its threads, the other compilers, packages from npm on
 * `isolated-workers/register`, all rounds and long files, and the other engine.
 */
export const remainingSteps = [
  { name: 'cargo-test', isParallel: true, commands: [() => cargo('test')] },
  { name: 'cargo-core', isParallel: true, commands: [() => run('cargo', ['test', '--no-default-features'], seeded)] },
  // The addon of isolates. Its scripts also run in the Node that runs this.
  { name: 'cargo-isolate', isParallel: true, commands: [() => cargo('test', '-p', 'isolated-workers-isolate')] },
  {
    name: 'clippy-isolate',
    isParallel: true,
    commands: [
      () => cargo('clippy', '-p', 'isolated-workers-isolate', '--all-targets', '--', '-D', 'warnings'),
      () => cargo('clippy', '-p', 'isolated-workers-isolate', '--lib', '--features', 'napi', '--', '-D', 'warnings'),
    ],
  },
  {
    name: 'clippy',
    isParallel: true,
    commands: [() => cargo('clippy', '--all-targets', '--', '-D', 'warnings')],
  },
  {
    name: 'clippy-core',
    isParallel: true,
    commands: [() => cargo('clippy', '--all-targets', '--no-default-features', '--', '-D', 'warnings')],
  },
  { name: 'loom', isParallel: true, commands: [models] },
  { name: 'typecheck', isParallel: true, needsBuild: true, commands: typecheck('typescript') },
  {
    name: 'types',
    isParallel: true,
    needsBuild: true,
    commands: [() => script('test-types.mjs', 'typescript-5.0', 'typescript', 'typescript-6')],
  },
  {
    name: 'compat',
    needsBuild: true,
    commands: [() => noRegistry() ?? script('check-compat.mjs')],
  },
  {
    name: 'js-rounds',
    needsBuild: true,
    commands: [
      () => script('test-js.mjs', '--engine', engine, '--concurrency', '3', '--rounds', 'all', '--only-repeated'),
    ],
  },
  ...otherEngines.map((name) => ({
    name: `js-${name}`,
    needsBuild: true,
    commands: [() => script('test-js.mjs', '--engine', name, '--concurrency', '3', '--long', '--only-engine')],
  })),
];
