// Runs a program and keeps what it writes.
import { spawn } from 'node:child_process';

export function capture(
  command,
  args,
  { cwd, timeout, more = {}, env = { ...process.env, CI: '1', NO_COLOR: '1', NODE_OPTIONS: '', ...more } },
) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, timeout, killSignal: 'SIGKILL', stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code: code ?? signal, output }));
  });
}
