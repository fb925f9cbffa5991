import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

import { fixture } from './fixtures/support.mjs';

/** Runs a program on a terminal of its own; prints how that was before and after. */
const onTerminal = `
import os, pty, subprocess, sys, termios
# Both ends stay open: a terminal that nobody has open forgets its modes.
ours, theirs = pty.openpty()
def modes():
    return termios.tcgetattr(theirs)[3] & (termios.ICANON | termios.ECHO)
before = modes()
status = subprocess.call(sys.argv[1:], stdin=theirs, stdout=theirs, stderr=theirs)
print(before, modes(), status)
sys.stdout.write(os.read(ours, 4096).decode())
`;

const hasPython = spawnSync('python3', ['-c', 'import pty']).status === 0;

test(
  'a worker that is killed while it has the terminal raw leaves it as it was',
  { skip: hasPython ? false : 'there is no python3, which makes the terminal for this test' },
  () => {
    const host = spawnSync('python3', ['-c', onTerminal, process.execPath, fixture('terminal-host.mjs').pathname], {
      encoding: 'utf8',
      timeout: 20_000,
    });
    const [modes = '', ...output] = host.stdout.split('\n');
    const [before, after, status] = modes.split(' ').map(Number);
    assert.match(output.join('\n'), /raw true/, host.stderr);
    assert.equal(status, 0);
    assert.notEqual(before, 0);
    assert.equal(after, before);
  },
);
