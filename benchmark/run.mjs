// npm run bench: ours beside its peers, measured in turns on this machine. See options.mjs for what can be chosen.
import { mkdirSync, writeFileSync } from 'node:fs';
import { buildIfStale } from '../scripts/build/parts.mjs';
import { canPin, describeMachine } from './cpu.mjs';
import { runMode } from './mode.mjs';
import { readOptions } from './options.mjs';
import { engineName } from './peers/ours.mjs';
import { drawCharts } from './chart.mjs';
import { markdown } from './report.mjs';

try {
  await main();
} catch (error) {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
}

async function main() {
  const options = readOptions();
  if (options.peers.some((peer) => peer.startsWith('ours'))) await buildIfStale({ profile: 'release', exactly: true });

  const modes = [];
  for (const mode of options.modes) {
    if (mode === 'pinned' && !canPin()) {
      console.error('pinned: skipped, there is no taskset here to put host and worker on one CPU');
      continue;
    }
    console.error(`${mode}: ${options.peers.join(', ')}`);
    modes.push({ mode, sharedCpu: mode === 'pinned', results: await measure(mode, options) });
  }

  const report = {
    date: new Date().toISOString().slice(0, 10),
    machine: describeMachine(),
    engine: engineName(),
    rounds: options.rounds,
    modes,
  };
  const text = markdown(report);
  console.log(text);
  if (options.isComplete) save(report, text);
  else console.error('benchmark/results is left as it is: this was not a full run of all peers');
}

function measure(mode, { peers, rounds, scale }) {
  const script = new URL('./measure.mjs', import.meta.url);
  return runMode(mode, { script, options: { peers, rounds, scale } });
}

function save(report, text) {
  const folder = new URL('./results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL('latest.json', folder), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(new URL('latest.md', folder), text);
  drawCharts(report);
}
