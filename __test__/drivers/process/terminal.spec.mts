import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';

import { scratch } from '../../fixtures/lives/support.mjs';
import { fixture } from '../../fixtures/support.mjs';

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
  'A host restores the terminal that a killed worker left raw',
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

/** Runs a program that has a terminal of its own; presses Ctrl+C there, or closes it, once the program is ready. */
const interrupted = `
import os, pty, signal, sys
how, command = sys.argv[1], sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(command[0], command)
text = b''
while b'ready' not in text:
    text += os.read(terminal, 4096)
if how == 'SIGINT':
    os.write(terminal, b'\\x03')
    try:
        while os.read(terminal, 4096): pass
    except OSError: pass
else:
    # As shells do for their jobs; the system tells the first process of the terminal alone.
    os.close(terminal)
    os.killpg(pid, signal.SIGHUP)
os.waitpid(pid, 0)
`;

describe('A host on a terminal', { skip: hasPython ? false : 'there is no python3, which makes the terminal' }, () => {
  const run = (how: string, ...args: string[]) => {
    const program = [process.execPath, fixture('ends/interrupted-host.mjs').pathname, ...args];
    const { status, stderr } = spawnSync('python3', ['-c', interrupted, how, ...program], {
      encoding: 'utf8',
      timeout: 40_000,
    });
    assert.equal(status, 0, stderr);
  };

  for (const how of ['SIGINT', 'SIGHUP']) {
    const what = how === 'SIGINT' ? 'Ctrl+C is pressed' : 'the terminal is closed';
    test(`drains and ends its worker when ${what}`, (t) => {
      const { log, lines } = scratch(t);
      run(how, log);
      const [ended, ...told] = lines().toReversed();
      assert.deepEqual(told.toReversed(), ['worker started', 'before: saved', 'after: saved', 'worker closed']);
      // At its very end Node aborts where it cannot restore the modes of a terminal that is gone, or fails while it reports that.
      const ending = how === 'SIGINT' ? /^SIGINT, closed with 0$/ : /^SIGHUP, closed with (0|SIGABRT|SIGSEGV)$/;
      assert.match(ended as string, ending);
    });

    test(`retries nothing when ${what}, and its worker ends like other programs`, (t) => {
      const { log, lines } = scratch(t);
      run(how, log, JSON.stringify({ terminalSignals: 'default' }));
      assert.deepEqual(lines(), ['worker started', 'before: ERR_WORKER_CRASHED', `${how}, closed with ${how}`]);
    });

    test(`ends with its worker in a process group of its own when ${what}`, (t) => {
      const { log, lines } = scratch(t);
      run(how, log, JSON.stringify({ killTree: true }));
      assert.ok(lines().includes('worker closed'));
    });
  }
});

test('A host retries nothing whose worker a signal has ended a moment before it reaches the host', () => {
  const host = spawnSync(process.execPath, [fixture('ends/late-signal-host.mjs').pathname], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  assert.equal(host.stdout, 'ERR_WORKER_CRASHED\n', host.stderr);
  assert.equal(host.status, 0);
});

test('A host reads its standard input although its worker has touched its own', async () => {
  const host = spawn(process.execPath, [fixture('ends/reading-host.mjs').pathname], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  host.stdout.setEncoding('utf8');
  let text = '';
  for await (const chunk of host.stdout) {
    text += chunk;
    if (text === 'false\n') host.stdin.end('x'.repeat(1000));
  }
  if (host.exitCode === null) await once(host, 'exit');
  assert.equal(text, 'false\n1000\n');
});
