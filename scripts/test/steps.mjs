// What `npm test` runs, in order. A step is a name, and commands to exit codes; the first command that fails ends it.
import path from 'node:path';
import { root, run, runTool } from '../command.mjs';

const cargo = (...args) => run('cargo', args);
const tsc = (project) => runTool('typescript', 'tsc', ['--noEmit', '--pretty', '--project', project]);
const script = (name, ...args) => run(process.execPath, [path.join(root, 'scripts', name), ...args]);

// Windows has only the one engine.
const engines = process.platform === 'win32' ? ['tokio'] : ['uv', 'tokio'];

export const steps = [
  {
    name: 'cargo-test',
    // The core, as it is without Node; then what of the binding needs no Node either.
    commands: [() => cargo('test', '--no-default-features'), () => cargo('test', '--lib', 'bindings::')],
  },
  {
    name: 'clippy',
    commands: [
      () => cargo('clippy', '--all-targets', '--', '-D', 'warnings'),
      () => cargo('clippy', '--all-targets', '--no-default-features', '--', '-D', 'warnings'),
    ],
  },
  { name: 'rustfmt', commands: [() => cargo('fmt', '--check')] },
  { name: 'lint', commands: [() => runTool('oxlint', 'oxlint', ['--deny-warnings'])] },
  { name: 'prettier', commands: [() => runTool('prettier', 'prettier', ['--check', '--log-level', 'warn', '.'])] },
  {
    name: 'typecheck',
    needsBuild: true,
    commands: ['tsconfig.json', 'tsconfig.test.json', 'tsconfig.package.json'].map((project) => () => tsc(project)),
  },
  { name: 'types', needsBuild: true, commands: [() => script('test-types.mjs')] },
  ...engines.map((engine) => ({
    name: `js-${engine}`,
    needsBuild: true,
    commands: [() => script('test-js.mjs', '--engine', engine)],
  })),
];
