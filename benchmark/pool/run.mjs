// npm run bench:pool: the pool beside piscina, tinypool, workerpool, poolifier and jest-worker, which it installs below build/.
// `--pinned` or `--free` for one mode only, `--rounds <n>` (default 5), `--only <part of a name,…>`, `--quick`.
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { parseArgs } from 'node:util';

import { buildIfStale } from '../../scripts/build/parts.mjs';
import { canPin, describeMachine } from '../cpu.mjs';
import { runMode } from '../mode.mjs';
import { install, versions } from './install.mjs';
import { peers } from './peers.mjs';
import { markdown } from './report.mjs';

const { values } = parseArgs({
  options: {
    pinned: { type: 'boolean' },
    free: { type: 'boolean' },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', default: '' },
    quick: { type: 'boolean', default: false },
  },
});
const modes = values.pinned === values.free ? ['pinned', 'free'] : [values.pinned ? 'pinned' : 'free'];
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds ${values.rounds} is no count`);
const only = values.only.split(',').filter((part) => part !== '');
const scale = values.quick ? 0.1 : 1;
const workers = 2;

await buildIfStale({ profile: 'release', exactly: true });
install();
const load = os.loadavg()[0].toFixed(1);
const found = [];
for (const mode of modes) {
  if (mode === 'pinned' && !canPin()) {
    console.error('pinned: skipped, there is no taskset here to put host and workers on one CPU');
    continue;
  }
  console.error(`${mode}:`);
  const script = new URL('./measure.mjs', import.meta.url);
  found.push({ mode, results: await runMode(mode, { script, options: { rounds, scale, workers, only } }) });
}
const memory = process.platform === 'linux' ? {} : undefined;
for (const { name: peer } of memory === undefined ? [] : peers) {
  if (only.length > 0 && !only.some((part) => peer.includes(part))) continue;
  console.error(`memory: ${peer}`);
  memory[peer] = await runMode('free', {
    script: new URL('./memory.mjs', import.meta.url),
    options: { peer, scale, workers },
  });
}

const date = new Date().toISOString().slice(0, 10);
const report = { date, machine: describeMachine(), rounds, load, versions, modes: found, memory };
const text = markdown(report);
console.log(text);
if (modes.length === 2 && !values.quick && rounds >= 5 && only.length === 0) {
  const folder = new URL('../results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL('pool.json', folder), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(new URL('pool.md', folder), text);
} else {
  console.error('benchmark/results is left as it is: this was not a full run');
}
