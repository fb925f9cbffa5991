// Why programs of Node's own suite fail with processes.
const groups = [
  [
    'flags of V8, of the process, or in NODE_OPTIONS, which a thread refuses, work in a process; Node checks them in the constructor',
    ['cli-options', 'execargv-invalid'],
  ],
  [
    'they use the inspector of threads, internal modules of Node, or resources that only threads have',
    ['debug', 'heap-statistics', 'name', 'message-not-serializable', 'messageport-hasref', 'internal-modules'],
  ],
  [
    'what is one for all threads of a process is not one for processes: `SHARE_ENV`, descriptors, shared memory that a worker sends',
    ['process-env-shared', 'track-unmanaged-fds', 'sharedarraybuffer-from-worker-thread'],
  ],
  [
    'a worker is a whole program: `process.chdir`, `abort`, `umask` and the like work there, and no cache of the working directory is needed',
    ['process-cwd', 'unsupported-things', 'abort-on-uncaught-exception', 'abort-on-uncaught-exception-terminate'],
  ],
  [
    'native code writes to the standard streams through pipes',
    ['no-stdin-stdout-interaction', 'message-port-drain', 'stdio'],
  ],
  ['ids of nested workers are unique, and not counted in the order of all starts', ['messaging']],
  [
    'an error that a listener of `uncaughtException` throws is printed, and the exit code is 7; a program that removes `process._fatalException` exits with 7',
    ['exit-code'],
  ],
  ['the host shows a stack for an error whose own stack cannot be read', ['error-stack-getter-throws']],
  ['limits of 0 limit nothing', ['nearheaplimit-deadlock']],
];

const causes = new Map(groups.flatMap(([cause, names]) => names.map((name) => [`test-worker-${name}`, cause])));

/** @param name - The file of the program. */
export function causeOf(name) {
  return causes.get(name.replace(/\.m?js$/, '')) ?? 'not known';
}
