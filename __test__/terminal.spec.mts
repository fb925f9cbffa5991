import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

import { fixture } from './fixtures/support.mjs';

/** Runs a program on a terminal of its own. */
const onTerminal = `
import os, pty, subprocess, sys
ours, theirs = pty.openpty()
status = subprocess.call(sys.argv[1:], stdin=theirs, stdout=theirs, stderr=theirs)
sys.stdout.write(os.read(ours, 4096).decode())
sys.exit(status)
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
    assert.match(host.stdout, /raw meanwhile: true, after: false/, host.stderr);
    assert.equal(host.status, 0);
  },
);
