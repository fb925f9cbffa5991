// A test runner as many are: a worker for each file, and a summary. It knows nothing of processes.
import { readdirSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

const folder = new URL('./tests/', import.meta.url);

const results = await Promise.all(readdirSync(folder).map(run));
for (const { file, error } of results) console.log(error === undefined ? `pass ${file}` : `FAIL ${file}: ${error}`);
const failed = results.filter(({ error }) => error !== undefined).length;
console.log(`${results.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** Runs the tests of one file. */
function run(file) {
  const worker = new Worker(new URL(file, folder));
  return new Promise((resolve) => {
    worker.on('error', ({ message }) => resolve({ file, error: message.replace(/ \(pid \d+\)/, '') }));
    worker.on('exit', (code) => resolve({ file, error: code === 0 ? undefined : `exit code ${code}` }));
  });
}
