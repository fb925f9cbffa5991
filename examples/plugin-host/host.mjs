// @ts-check
// The host: runs three npm packages as plugins, each in a worker process of its own, over the files of this repository.
// Two accidents belong to the show: one plugin throws on a file (see plugins/prettier.mjs), and one is killed half-way.
import { fileURLToPath } from 'node:url';

import { listFiles } from './files.mjs';
import { PluginWorker } from './plugin-worker.mjs';
import { Progress } from './progress.mjs';
import { count, describeCrash, describeRemoteError, describeRuns } from './report.mjs';
import { Run } from './run.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const plugins = ['marked', 'prettier', 'typescript'].map((name) => new PluginWorker(name));
const victim = 'typescript';

try {
  await startAll();
  await runAll(await listFiles(root));
} finally {
  await Promise.all(plugins.map((plugin) => plugin.close()));
}
checkThatNoneIsLeft();

async function startAll() {
  const started = performance.now();
  await Promise.all(plugins.map((plugin) => plugin.start()));
  const names = plugins.map(({ name, pid }) => `${name} (pid ${pid})`);
  console.log(`${count(plugins.length, 'plugin')} loaded in ${elapsed(started)}: ${names.join(', ')}\n`);
}

/** @param {readonly string[]} paths */
async function runAll(paths) {
  const runs = plugins.map((plugin) => new Run(plugin, paths));
  const progress = new Progress(runs, process.stdout);
  await Promise.all(
    runs.map((run) =>
      run.start(root, () => {
        if (run.plugin.name === victim && run.done === Math.ceil(run.paths.length / 2)) kill(run, progress);
        progress.update();
      }),
    ),
  );

  for (const run of runs) {
    for (const failure of run.failures) console.log(`\n${describeRemoteError(run, failure)}`);
    for (const crash of run.plugin.crashes) console.log(`\n${describeCrash(run, crash)}`);
  }
  console.log(`\n${describeRuns(runs)}\n`);
}

/**
 * @param {Run} run
 * @param {Progress} progress
 */
function kill({ plugin, done, paths }, progress) {
  if (plugin.pid === undefined) return;
  progress.log(`killing ${plugin.name} (pid ${plugin.pid}) after ${done} of ${paths.length} files`);
  process.kill(plugin.pid, 'SIGKILL');
}

function checkThatNoneIsLeft() {
  const pids = plugins.flatMap((plugin) => plugin.pids);
  const left = pids.filter(isAlive);
  console.log(`${count(pids.length, 'worker')} started, ${left.length === 0 ? 'none' : left.join(', ')} left`);
  if (left.length > 0) process.exitCode = 1;
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** @param {number} started */
function elapsed(started) {
  return `${(performance.now() - started).toFixed(0)} ms`;
}
