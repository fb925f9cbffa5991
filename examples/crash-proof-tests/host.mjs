// Runs one test runner twice: with the threads of Node, and with the same program's workers as processes, by one flag.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const runner = fileURLToPath(new URL('./runner.mjs', import.meta.url));

for (const [title, flags] of [
  ['with threads', []],
  ['with --import isolated-workers/register', ['--import', 'isolated-workers/register']],
]) {
  const { stdout, status, signal } = spawnSync(process.execPath, [...flags, runner], { encoding: 'utf8' });
  console.log(`${title}:`);
  for (const line of stdout.trim().split('\n')) console.log(`  ${line || '(nothing was printed)'}`);
  console.log(`  the runner ended with ${signal ?? `exit code ${status}`}`);
}
