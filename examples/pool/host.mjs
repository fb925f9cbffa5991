// @ts-check
// The host: gives each Markdown file of a folder to a pool, and shows how far it is. Halfway it kills a worker, to show that no
// file is lost. Ctrl+C finishes the few files that workers have, and begins no other.
//
//     node examples/pool/host.mjs [folder] [folder for the pages]
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { createPool } from 'isolated-workers';

import { Progress } from './progress.mjs';

/** @import { WorkerPool } from 'isolated-workers' */
/** @import { Messages } from './messages.mjs' */

const root = fileURLToPath(new URL('../..', import.meta.url));
const source = path.resolve(process.argv[2] ?? path.join(root, 'docs'));
const target = path.resolve(process.argv[3] ?? path.join(root, 'build/pool-example'));

const found = await readdir(source, { recursive: true });
const files = found.filter((file) => file.endsWith('.md')).toSorted();

/** @type {WorkerPool<Messages>} */
const pool = await createPool({
  script: new URL('./worker.mjs', import.meta.url),
  // Each worker reads a file while it renders another.
  concurrency: 2,
  // Few files wait in the pool, so that little is left to do after Ctrl+C.
  maxQueue: 4,
  // A file may be rendered twice: the page is the same.
  unexpectedShutdown: { strategy: 'retry' },
});
await pool.broadcast('frame', { style: 'body { max-width: 45em; margin: auto; font-family: sans-serif }' });

let isStopping = false;
process.once('SIGINT', () => {
  isStopping = true;
  progress.log('stopping: the files that workers have are finished');
});

const progress = new Progress(files.length, process.stdout);
const sum = { pages: 0, words: 0, bytes: 0, failed: 0 };
const rendering = [];
for (const [index, file] of files.entries()) {
  await pool.drained();
  if (isStopping) break;
  rendering.push(render(file));
  if (index === Math.floor(files.length / 2)) killOne();
}
await Promise.all(rendering);
await pool.close();

const { crashed, runTime, utilization } = pool.stats();
console.log(`${sum.pages} of ${files.length} files, ${sum.words} words, ${Math.round(sum.bytes / 1024)} KiB of pages`);
console.log(`${sum.failed} files failed, ${crashed} workers crashed`);
console.log(
  `a file took ${runTime.p50.toFixed(1)} ms, the slowest ${runTime.max.toFixed(1)} ms; the workers were busy for ` +
    `${Math.round(utilization * 100)} % of their time`,
);
if (isStopping) process.exitCode = 130;
else if (sum.failed > 0) process.exitCode = 1;

/** @param {string} file */
async function render(file) {
  const from = path.join(source, file);
  const to = path.join(target, file.replace(/\.md$/, '.html'));
  try {
    const { words, bytes } = await pool.send('render', { from, to });
    sum.pages++;
    sum.words += words;
    sum.bytes += bytes;
  } catch (error) {
    sum.failed++;
    progress.log(`${file}: ${error}`);
  }
  progress.add();
}

/** As a crash would, or the system where memory is short. */
function killOne() {
  const victim = pool.workers.find(({ state }) => state === 'busy');
  if (victim?.pid === undefined) return;
  progress.log(`killing ${victim.name} with ${victim.inFlight} files in it`);
  process.kill(victim.pid, 'SIGKILL');
}
