// Tests of the repository that cannot pass on an emulated system, each with the reason. A test that is not listed may not fail there.

const STOP = 'Windows cannot stop a process (SIGSTOP)';
const SIGNAL = 'Windows has no signals: a process that another one ends has the exit code 1';

/** By system and suite: the reason for each title. */
const differences = {
  win32: {
    'detached/detached': {
      'in a session of its own, without the variables of its start':
        'the test reads /proc, and Windows has no sessions of this kind',
      'and its first host closes it like any other worker':
        'the test reads the mode of a socket file, and a pipe has none',
    },
    'detached/hosts': { 'takes over from a stopped host, which learns of it when it continues': STOP },
    'host/reconnect': {
      'rejects when it takes too long, and a later one finds the worker with its state': STOP,
      'reports its crash, to reconnect() too': SIGNAL,
      'reports the crash, not its discovery, when it dies right before reconnect()': SIGNAL,
    },
  },
  linux: {},
};

/** Why a test cannot pass; `undefined`: it has to. */
export function differenceOf({ name }, suite, title) {
  const system = name.includes('wine') ? 'win32' : 'linux';
  return differences[system][suite]?.[title];
}

/** Each listed test of a system: suite, title, reason. */
export function listedFor(system) {
  return Object.entries(differences[system]).flatMap(([suite, tests]) =>
    Object.entries(tests).map(([title, reason]) => ({ suite, title, reason })),
  );
}
