// npm run bench:effect: Effect's RPC over workers of this library, beside NodeWorker of @effect/platform-node.
// `--rounds <n>` (default 7), `--quick` for a tenth of the calls. The system places hosts and workers as it likes.
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { buildIfStale } from '../../scripts/build/parts.mjs';
import { describeMachine, watchStolen } from '../cpu.mjs';
import { runMode } from '../mode.mjs';
import { median, number, table } from '../report.mjs';
import { scenarios } from './scenarios.mjs';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, quick: { type: 'boolean', default: false } },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds ${values.rounds} is no count`);

await buildIfStale({ profile: 'release', exactly: true });
const script = new URL('./measure.mjs', import.meta.url);
const stolen = watchStolen();
const results = await runMode('free', { script, options: { rounds, scale: values.quick ? 0.1 : 1 } });
const text = markdown(results, stolen());
console.log(text);
if (!values.quick && rounds >= 5) {
  const folder = new URL('../results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL('effect.md', folder), text);
} else {
  console.error('benchmark/results is left as it is: this was not a full run');
}

function markdown(peers, share) {
  const { node, v8, platform, cpu, cores } = describeMachine();
  const names = Object.keys(peers);
  const base = names.at(-1);
  const rows = scenarios.map(({ name, title, better }) => [
    `${title} (${better} is better)`,
    ...names.flatMap((peer) => {
      const value = median(peers[peer][name]);
      return peer === base ? [number(value)] : [number(value), (value / median(peers[base][name])).toFixed(2)];
    }),
  ]);
  const lines = [
    "# Benchmark: Effect's RPC",
    '',
    `Node ${node.slice(1)} (V8 ${v8}), ${platform}, ${cpu}, ${cores} cores, ${new Date().toISOString().slice(0, 10)}.`,
    `Medians of ${rounds} rounds; the system places hosts and workers.${
      share === undefined
        ? ''
        : ` Other machines on the same hardware took ${(share * 100).toFixed(0)} % of the processors.`
    }`,
    `A ratio is the figure before it divided by that of ${base}.`,
    '',
    ...table(['', ...names.flatMap((peer) => (peer === base ? [peer] : [peer, 'ratio']))], rows),
  ];
  return `${lines.join('\n')}\n`;
}
