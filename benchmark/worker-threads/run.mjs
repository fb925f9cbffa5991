// npm run bench:worker-threads: `Worker` of isolated-workers/worker_threads, a process each, beside that of node:worker_threads.
// `--pinned` or `--free` for one mode only, `--rounds <n>` (default 7), `--quick` for a tenth of the work.
import { mkdirSync, writeFileSync } from 'node:fs';
import { buildIfStale } from '../../scripts/build/parts.mjs';
import { canPin, describeMachine, watchStolen } from '../cpu.mjs';
import { readModeOptions } from '../mode-options.mjs';
import { runMode } from '../mode.mjs';
import { median, number, table } from '../report.mjs';
import { scenarios } from './scenarios.mjs';

const OURS = 'isolated-workers/worker_threads';

const { rounds, modes, scale, isComplete } = readModeOptions();

await buildIfStale({ profile: 'release', exactly: true });
const script = new URL('./measure.mjs', import.meta.url);
const stolen = watchStolen();
const found = [];
for (const mode of modes) {
  if (mode === 'pinned' && !canPin()) {
    console.error('pinned: skipped, there is no taskset here to put host and workers on one CPU');
    continue;
  }
  console.error(`${mode}:`);
  found.push({ mode, peers: await runMode(mode, { script, options: { rounds, scale } }) });
}
const text = markdown(found, stolen());
console.log(text);
if (isComplete) {
  const folder = new URL('../results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL('worker-threads.md', folder), text);
} else {
  console.error('benchmark/results is left as it is: this was not a full run');
}

function markdown(results, share) {
  const { node, v8, platform, cpu, cores } = describeMachine();
  const lines = [
    '# Benchmark: node:worker_threads on processes',
    '',
    `Node ${node.slice(1)} (V8 ${v8}), ${platform}, ${cpu}, ${cores} cores, ${new Date().toISOString().slice(0, 10)}.`,
    `Medians of ${rounds} rounds in which every peer had its turn.${
      share === undefined
        ? ''
        : ` Other machines on the same hardware took ${(share * 100).toFixed(0)} % of the processors.`
    }`,
    `A ratio is the figure of ${OURS} divided by that of the peer.`,
  ];
  for (const { mode, peers } of results) {
    lines.push(
      '',
      mode === 'pinned' ? '## Pinned: host and workers share one CPU' : '## Free: the system places them',
      '',
    );
    lines.push(...table(['', OURS, ...othersOf(peers).flatMap((peer) => [peer, 'ratio'])], rowsOf(peers)));
  }
  return `${lines.join('\n')}\n`;
}

function othersOf(peers) {
  return Object.keys(peers).filter((peer) => peer !== OURS);
}

function rowsOf(peers) {
  return scenarios.map(({ name, title, better }) => {
    const ours = median(peers[OURS][name]);
    const others = othersOf(peers).flatMap((peer) => {
      const measured = peers[peer][name];
      return measured === undefined ? ['', ''] : [number(median(measured)), (ours / median(measured)).toFixed(2)];
    });
    return [`${title} (${better} is better)`, number(ours), ...others];
  });
}
