// npm run bench:messages: what goes beyond request and answer, each beside the plain request of the same worker.
// `--pinned` or `--free` for one mode only, `--rounds <n>` (default 7), `--quick` for a tenth of the work.
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { buildIfStale } from '../../scripts/build/parts.mjs';
import { canPin, describeMachine } from '../cpu.mjs';
import { runMode } from '../mode.mjs';
import { engineName } from '../peers/ours.mjs';
import { markdown } from './report.mjs';

const { values } = parseArgs({
  options: {
    pinned: { type: 'boolean' },
    free: { type: 'boolean' },
    rounds: { type: 'string', default: '7' },
    quick: { type: 'boolean', default: false },
  },
});
const modes = values.pinned === values.free ? ['pinned', 'free'] : [values.pinned ? 'pinned' : 'free'];
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds ${values.rounds} is no count`);

await buildIfStale({ profile: 'release', exactly: true });
const script = new URL('./measure.mjs', import.meta.url);
const results = [];
for (const mode of modes) {
  if (mode === 'pinned' && !canPin()) {
    console.error('pinned: skipped, there is no taskset here to put host and worker on one CPU');
    continue;
  }
  console.error(`${mode}:`);
  results.push({ mode, drivers: await runMode(mode, { script, options: { rounds, scale: values.quick ? 0.1 : 1 } }) });
}

const date = new Date().toISOString().slice(0, 10);
const report = { date, machine: describeMachine(), engine: engineName(), rounds, modes: results };
const text = markdown(report);
console.log(text);
if (modes.length === 2 && !values.quick && rounds >= 5) {
  const folder = new URL('../results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL('messages.json', folder), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(new URL('messages.md', folder), text);
} else {
  console.error('benchmark/results is left as it is: this was not a full run');
}
