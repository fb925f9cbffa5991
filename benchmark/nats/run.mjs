// npm run bench:nats: requests to a worker over a NATS server, beside a bare request and reply of that server.
// `--rounds <n>` (default 7), `--quick` for a tenth of the requests, `--pinned` or `--free` for one mode only.
import { mkdirSync, writeFileSync } from 'node:fs';
import { buildIfStale } from '../../scripts/build/parts.mjs';
import { canPin, describeMachine, watchStolen } from '../cpu.mjs';
import { readModeOptions } from '../mode-options.mjs';
import { runMode } from '../mode.mjs';
import { median, number, table } from '../report.mjs';
import { brokerVersion } from './broker.mjs';
import { BARE, scenarios } from './scenarios.mjs';

const { rounds, modes, scale, isComplete } = readModeOptions();

const version = brokerVersion();
await buildIfStale({ profile: 'release', exactly: true });
const script = new URL('./measure.mjs', import.meta.url);
const stolen = watchStolen();
const found = [];
for (const mode of modes) {
  if (mode === 'pinned' && !canPin()) {
    console.error('pinned: skipped, there is no taskset here to put all processes on one CPU');
    continue;
  }
  console.error(`${mode}:`);
  found.push([mode, await runMode(mode, { script, options: { rounds, scale } })]);
}
const text = markdown(stolen());
console.log(text);
if (isComplete) {
  const folder = new URL('../results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL('nats.md', folder), text);
} else {
  console.error('benchmark/results is left as it is: this was not a full run');
}

function markdown(share) {
  const { node, v8, platform, cpu, cores } = describeMachine();
  const others = `Other machines on the same hardware took ${((share ?? 0) * 100).toFixed(0)} % of the processors.`;
  const lines = [
    '# Benchmark: workers over NATS',
    '',
    `Node ${node.slice(1)} (V8 ${v8}), nats-server ${version}, ${platform}, ${cpu}, ${cores} cores, ${new Date().toISOString().slice(0, 10)}.`,
    `Medians of ${rounds} rounds; all processes on this machine.${share === undefined ? '' : ` ${others}`}`,
    `A ratio is the figure before it divided by that of a ${BARE}.`,
    ...found.flatMap(([mode, peers]) => ['', `## ${mode}`, '', ...tableOf(peers)]),
  ];
  return `${lines.join('\n')}\n`;
}

function tableOf(peers) {
  const names = Object.keys(peers);
  const rows = scenarios.map(({ name, title, better, target }) => [
    `${title} (${better} is better)`,
    ...names.flatMap((peer) => {
      const value = median(peers[peer][name]);
      return peer === BARE ? [number(value)] : [number(value), (value / median(peers[BARE][name])).toFixed(2)];
    }),
    target,
  ]);
  return table(['', ...names.flatMap((peer) => (peer === BARE ? [peer] : [peer, 'ratio'])), 'target'], rows);
}
