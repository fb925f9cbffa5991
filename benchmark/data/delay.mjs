// The project goes to ten workers in one way, in a process of its own: how long the host's event loop is held up meanwhile,
// and how long it takes until all have answered. That the workers start is not part of it.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Crowd } from './crowd.mjs';
import { Gaps } from './gaps.mjs';
import { peakOf } from './peak.mjs';
import { createProject } from './project.mjs';

const { way, rounds, scale } = JSON.parse(process.argv[2]);

const project = createProject(scale);
const crowd = new Crowd(way, 10);
await crowd.start();
// Everyone has its code compiled, and nobody the memory yet.
await crowd.give(createProject(0.01));

const results = { p99: [], waiting: [], longest: [], answered: [] };
for (let round = 0; round < rounds; round++) {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  // Only from its second tick on it has something to compare with; a reset would take that away again.
  await sleep(5);
  const gaps = new Gaps();
  const started = performance.now();
  const counts = await crowd.give(project);
  results.answered.push(performance.now() - started);
  // The last delay ends with a turn of the loop.
  await sleep(5);
  delays.disable();
  gaps.stop();
  if (counts.some((count) => count !== project.modules.length)) throw new Error(`${way}: not all of the project came`);
  results.p99.push(delays.percentile(99) / 1e6);
  results.waiting.push(gaps.quantile(0.99));
  results.longest.push(delays.max / 1e6);
}
const { pids } = crowd;
results.host = peakOf();
results.worker = Math.max(...pids.map((pid) => peakOf(pid) ?? Number.NaN));
await crowd.stop();
process.send({ results, pids });
