// npm run bench:data: what travels beside text, the serializer 'structured' beside `fork` with serialization 'advanced' and a
// raw thread, on this Node and the newest. See options.mjs for what can be chosen.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { buildIfStale } from '../../scripts/build/parts.mjs';
import { canPin, describeMachine, watchStolen } from '../cpu.mjs';
import { runMode } from '../mode.mjs';
import { engineName } from '../peers/ours.mjs';
import { readOptions } from './options.mjs';
import { peerNames, ways } from './peers.mjs';
import { markdown } from './report.mjs';
import { findRuntimes } from './runtimes.mjs';
import { scenarios } from './scenarios.mjs';

try {
  await main();
} catch (error) {
  console.error(`bench:data: ${error.message}`);
  process.exitCode = 1;
}

async function main() {
  const options = readOptions();
  await buildIfStale({ profile: 'release', exactly: true });

  const runtimes = [];
  for (const { name, node, reason } of await findRuntimes(options)) {
    if (reason !== undefined) console.error(`${name}: skipped, ${reason}`);
    runtimes.push(reason === undefined ? await measureOn(name, node, options) : { name, reason });
  }

  const date = new Date().toISOString().slice(0, 10);
  const report = { date, machine: describeMachine(), engine: engineName(), rounds: options.rounds, runtimes };
  const text = markdown(report);
  const json = `${JSON.stringify(report, null, 2)}\n`;
  console.log(options.isJson ? json : text);
  if (options.isComplete) save(json, text);
  else console.error('benchmark/results is left as it is: this was not a full run');
}

async function measureOn(name, node, { parts, rounds, modes, scale }) {
  const v8 = execFileSync(node, ['-p', 'process.versions.v8'], { encoding: 'utf8' }).trim();
  const runtime = { name, v8, modes: [] };
  const run = (mode, file, options) => runMode(mode, { script: new URL(file, import.meta.url), options, node });
  for (const mode of modes) {
    if (mode === 'pinned' && !canPin()) {
      console.error('pinned: skipped, there is no taskset here to put host and worker on one CPU');
      continue;
    }
    console.error(`${name}, ${mode}:`);
    const stolen = watchStolen();
    const results = await run(mode, './measure.mjs', { parts, rounds, scale });
    const delay = {};
    for (const { name: way } of parts.includes('delay') ? ways : []) {
      process.stderr.write(`  delay: ${way}\n`);
      delay[way] = await run(mode, './delay.mjs', { way, rounds: Math.min(rounds, 3), scale });
    }
    runtime.modes.push({ mode, results, delay, stolen: stolen() });
  }
  if (parts.includes('memory')) runtime.memory = await measureMemory(run, scale);
  return runtime;
}

/** Each scenario with each peer in processes of their own: a peak is never taken back. */
async function measureMemory(run, scale) {
  const memory = Object.fromEntries(peerNames.map((peer) => [peer, {}]));
  for (const { name: scenario } of scenarios) {
    process.stderr.write(`  memory: ${scenario}\n`);
    for (const peer of peerNames) memory[peer][scenario] = await run('free', './memory.mjs', { peer, scenario, scale });
  }
  return memory;
}

function save(json, text) {
  const folder = new URL('../results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL('data.json', folder), json);
  writeFileSync(new URL('data.md', folder), text);
}
