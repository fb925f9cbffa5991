// Measures both drivers in turns, in a process of its own that run.mjs may pin to one CPU; sends it what it found.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createWorker, WorkerThreadsDriver } from 'isolated-workers';
import { scenarios } from './scenarios.mjs';

const { rounds, scale } = JSON.parse(process.argv[2]);

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

const script = new URL('./worker.cjs', import.meta.url);
const handlers = { echo: (payload) => payload };
const workers = {
  processes: await createWorker({ script, execArgv: [], handlers }),
  threads: await createWorker({ script, handlers, driver: WorkerThreadsDriver, driverOptions: { execArgv: [] } }),
};
const pids = [workers.processes.pid];

const results = {};
for (const [driver, worker] of Object.entries(workers)) {
  results[driver] = Object.fromEntries(scenarios.map(({ name }) => [name, []]));
  for (const { work, measure } of scenarios) await measure(worker, Math.max(64, work / 4));
}
for (let round = 0; round < rounds; round++) {
  for (const [driver, worker] of Object.entries(workers)) {
    for (const { name, work, measure } of scenarios) {
      const count = Math.max(64, Math.round(work * scale));
      await measure(worker, Math.ceil(count / 4));
      collectGarbage({ type: 'minor' });
      results[driver][name].push(await measure(worker, count));
    }
  }
  process.stderr.write(`  round ${round + 1} of ${rounds}\n`);
}
for (const worker of Object.values(workers)) await worker.close();
process.send({ results, pids });
