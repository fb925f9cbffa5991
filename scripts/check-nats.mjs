// Lets workers, serving processes and the broker of NATS fail at random: npm run check:nats [-- --seconds 600] [-- --seed <n>] [-- --record]
// `--record` writes the outcome into docs/distributed.md.
import { readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { brokerVersion } from '../benchmark/nats/broker.mjs';
import { root } from './command.mjs';
import { transpileTests } from './test/transpile.mjs';

const [begin, end] = ['<!-- check:nats -->', '<!-- /check:nats -->'];

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    record: { type: 'boolean' },
  },
});
const seconds = Number(values.seconds);
if (!(seconds > 0)) throw new Error(`--seconds takes a number above 0, not "${values.seconds}"`);

await transpileTests();
const { chaos } = await import(pathToFileURL(path.join(root, 'test-dist/fixtures/nats/chaos.mjs')).href);
console.log(`seed ${values.seed}, ${seconds} s`);
process.env.ISOLATED_WORKERS_ASSERT = '1';
const result = await chaos(Number(values.seed), seconds * 1000);
console.log(result);
if (values.record) record(result);

function record({ requests, answered, streams, rejected, faults, processes }) {
  const file = path.join(root, 'docs/distributed.md');
  const page = readFileSync(file, 'utf8');
  const [before, rest = ''] = page.split(begin);
  const [, after] = rest.split(end);
  if (after === undefined) throw new Error(`docs/distributed.md has no lines ${begin} and ${end}`);
  const count = (number) => number.toLocaleString('en');
  const list = (counts) =>
    Object.entries(counts)
      .map(([name, times]) => `${name}: ${count(times)}`)
      .join(', ');
  const lines = [
    `Last run on ${new Date().toISOString().slice(0, 10)}, seed ${values.seed}, ${seconds} s: Node ${process.version.slice(1)}, nats-server ` +
      `${brokerVersion()}, ${os.cpus().length} cores. Of ${count(requests)} requests`,
    `${count(answered)} were answered and ${count(streams)} read as streams to their end; rejected: ${list(rejected)}. Faults: ${list(faults)}.`,
    `${count(processes)} processes of workers ended, and none was left.`,
  ];
  writeFileSync(file, `${before}${begin}\n${lines.join('\n')}\n${end}${after}`);
}
