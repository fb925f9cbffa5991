// One mode of a benchmark: its measure.mjs in a process of its own, and proof that it left nothing behind.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { pinned } from './cpu.mjs';

const exitLimit = 10_000;

/** Runs all rounds in `mode` and resolves with the results; rejects when the process or a worker outlives them. */
export async function runMode(mode, { script, options, node = process.execPath }) {
  const plain = [node, fileURLToPath(script), JSON.stringify(options)];
  const [command, ...args] = mode === 'pinned' ? pinned(plain) : plain;
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  let report;
  let timer;
  let outlived = false;
  child.on('message', (message) => {
    report = message;
    timer = setTimeout(() => {
      outlived = true;
      child.kill('SIGKILL');
    }, exitLimit);
  });
  const [code, signal] = await once(child, 'exit');
  clearTimeout(timer);
  if (outlived) throw new Error(`${mode}: the host did not exit by itself within ${exitLimit / 1000} s`);
  if (code !== 0 || report === undefined)
    throw new Error(`${mode}: measuring failed (${signal ?? `exit code ${code}`})`);
  const left = report.pids.filter(isAlive);
  if (left.length > 0) throw new Error(`${mode}: workers were left behind: ${left.join(', ')}`);
  return report.results;
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
