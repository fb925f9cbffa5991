// One target: its build, whether the addon loads, and the suites that run.
import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../command.mjs';
import { builtFile, cargo, has } from './cargo.mjs';
import { runConformance, runRustTests, runSpecs } from './suites.mjs';

const skipped = (reason) => ({ state: 'skipped', text: `skipped: ${reason}` });
const failed = (text) => ({ state: 'failed', text });
const done = (text) => ({ state: 'done', text });

/** Resolves with what became of a target; rejects for a fault of these scripts alone. */
export async function checkTarget(platform, options) {
  const { triple } = platform;
  const built = await build(platform, options);
  const nothing = (reason) => ({ triple, built, loaded: skipped(reason), suites: [] });
  if (built.state !== 'done') return nothing('there is no build');
  if (platform.load !== undefined) {
    const reason = await platform.load(builtFile(triple, 'release', platform.library));
    const loaded = typeof reason === 'string' ? skipped(reason) : reason.ok ? done(reason.text) : failed(reason.text);
    return { triple, built, loaded, suites: [] };
  }
  if (platform.run === undefined) {
    return nothing(platform.library === undefined ? 'only checked' : 'nothing runs it on this machine');
  }
  const runtimes = await platform.run();
  if (typeof runtimes === 'string') return nothing(runtimes);
  copyFileSync(builtFile(triple, 'release', platform.library), path.join(root, platform.addon));
  const suites = [await runRustTests(platform, runtimes[0], options)];
  for (const runtime of runtimes) suites.push(await runConformance(runtime));
  // An emulator takes minutes for them: one version of Node is enough.
  suites.push(...(await runSpecs(runtimes[0], platform.specs)));
  const names = runtimes.map(({ name }) => name).join(' and ');
  return { triple, built, loaded: done(names), suites };
}

async function build(platform, options) {
  const { triple, linker, zig } = platform;
  if (linker !== undefined && !has(linker)) return skipped(`${linker} is not installed`);
  if (zig === true && !(has('cargo-zigbuild') && has('zig', ['version']))) {
    return skipped('zig and cargo-zigbuild are not in the path');
  }
  const command = zig === true ? 'zigbuild' : linker === undefined ? 'check' : 'build';
  const outcome = await cargo(platform, command, ['--lib', ...(command === 'check' ? [] : ['--release'])], options);
  if (typeof outcome === 'string') return skipped(outcome);
  if (outcome !== 0) return failed(`cargo ${command} failed for ${triple}`);
  return done(command === 'check' ? '`cargo check` only' : 'yes');
}

/** What is wrong with the outcome of a target; `undefined`: nothing. A skipped part is no fault. */
export function problemOf({ triple, built, loaded, suites }) {
  const bad = [built, loaded].find(({ state }) => state === 'failed');
  if (bad !== undefined) return `${triple}: ${bad.text}`;
  const wrong = suites.filter(({ total, unexpected, reason }) => {
    return reason === undefined && (total === 0 || unexpected.length > 0);
  });
  return wrong.length === 0 ? undefined : `${triple}: failed: ${wrong.map(({ name }) => name).join(', ')}`;
}
