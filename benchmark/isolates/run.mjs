// npm run bench:isolates: isolates beside threads and processes. `--quick` takes a tenth of the rounds.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { ChildProcessDriver, createWorker, WorkerThreadsDriver } from 'isolated-workers';
import { IsolateDriver } from 'isolated-workers/drivers/isolate';

import { buildIfStale } from '../../scripts/build/parts.mjs';
import { describeMachine } from '../cpu.mjs';

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const scale = values.quick ? 0.1 : 1;

await buildIfStale({ profile: 'release', exactly: true });

const script = new URL('./worker.mjs', import.meta.url);
const isolate = new IsolateDriver();
const kinds = {
  'isolate, thread': { driver: isolate },
  'isolate, cooperative': { driver: isolate, driverOptions: { mode: 'cooperative' } },
  'isolate, jail': { driver: isolate, driverOptions: { jail: true } },
  thread: { driver: WorkerThreadsDriver },
  process: { driver: ChildProcessDriver },
};
const median = (numbers) => numbers.toSorted((one, other) => one - other)[numbers.length >> 1];
const start = (kind, options) => createWorker({ script, timeout: { startup: 0 }, ...kinds[kind], ...options });

async function measured(act) {
  const begun = performance.now();
  await act();
  return performance.now() - begun;
}

/** Milliseconds from `createWorker` to the first answer. */
async function startTime(kind) {
  const times = [];
  for (let round = 0; round < Math.max(5, 50 * scale); round++) {
    let worker;
    times.push(
      await measured(async () => {
        worker = await start(kind);
        await worker.send('add', [1, 2]);
      }),
    );
    await worker.close();
  }
  return median(times);
}

/** Microseconds of one round trip, with so many in flight. */
async function roundTrip(kind, inFlight) {
  const worker = await start(kind);
  const count = Math.ceil((20_000 * scale) / inFlight);
  const round = async () => {
    for (let index = 0; index < count; index++) {
      await Promise.all(Array.from({ length: inFlight }, (_, more) => worker.send('add', [index, more])));
    }
  };
  await round();
  const times = [];
  for (let index = 0; index < 5; index++) times.push((await measured(round)) / (count * inFlight));
  await worker.close();
  return median(times) * 1000;
}

/** Milliseconds of a computation in pure JavaScript. */
async function computation(kind) {
  const worker = await start(kind, kind.startsWith('isolate') ? long(kind) : {});
  const times = [];
  for (let round = 0; round < 3; round++) times.push(await measured(() => worker.send('fibonacci', 27)));
  await worker.close();
  return median(times);
}

const long = (kind) => ({ driverOptions: { ...kinds[kind].driverOptions, limits: { cpuMsPerMessage: 60_000 } } });

/** Measures many isolates at once: milliseconds to start, and to answer ten requests each; KiB of memory each. */
async function many(kind, count) {
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  let workers;
  const started = await measured(async () => {
    workers = await Promise.all(Array.from({ length: count }, () => start(kind)));
  });
  const answered = await measured(() =>
    Promise.all(workers.flatMap((worker) => Array.from({ length: 10 }, (_, more) => worker.send('add', [1, more])))),
  );
  const memory = (process.memoryUsage().rss - before) / count / 1024;
  await Promise.all(workers.map((worker) => worker.close()));
  return { started, answered, memory };
}

const { cpu, cores, node } = describeMachine();
const lines = [`Measured on ${new Date().toISOString().slice(0, 10)}: ${cpu}, ${cores} processors, Node ${node}.`, ''];
lines.push(
  '| worker | start to first answer | round trip | with 64 in flight | Fibonacci of 27 |',
  '|---|---|---|---|---|',
);
for (const kind of Object.keys(kinds)) {
  const [begin, one, several, computed] = [
    await startTime(kind),
    await roundTrip(kind, 1),
    await roundTrip(kind, 64),
    await computation(kind),
  ];
  const cells = [
    `${begin.toFixed(1)} ms`,
    `${one.toFixed(0)} µs`,
    `${several.toFixed(1)} µs`,
    `${computed.toFixed(0)} ms`,
  ];
  lines.push(`| ${kind} | ${cells.join(' | ')} |`);
  console.error(lines.at(-1));
}
lines.push('', '| isolates at once | start of all | ten answers of each | memory of each |', '|---|---|---|---|');
for (const kind of ['isolate, thread', 'isolate, cooperative']) {
  const count = values.quick ? 100 : 1000;
  const { started, answered, memory } = await many(kind, count);
  lines.push(`| ${count}, ${kind} | ${started.toFixed(0)} ms | ${answered.toFixed(0)} ms | ${memory.toFixed(0)} KiB |`);
}
const text = `${lines.join('\n')}\n`;
console.log(text);
if (!values.quick) writeFileSync(new URL('../results/isolates.md', import.meta.url), text);
