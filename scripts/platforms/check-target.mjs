// One target: its build, whether the addon loads, and the suites that run.
import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../command.mjs';
import { builtFile, cargo, has, hasClippy } from './cargo.mjs';
import { suitesOf } from './suites.mjs';

const skipped = (reason) => ({ state: 'skipped', text: `skipped: ${reason}` });
const failed = (text) => ({ state: 'failed', text });
const done = (text) => ({ state: 'done', text });

/**
 * Resolves with what became of a target; rejects for a fault of these scripts alone. `onSuite` gets each
 * suite that has ended, and the result so far.
 */
export async function checkTarget(platform, { wanted = [''], isOptimized, onSuite }) {
  const { triple } = platform;
  const built = await build(platform, { isOptimized });
  const result = { triple, date: new Date().toISOString().slice(0, 10), built, suites: [] };
  const nothing = (reason) => ({ ...result, loaded: skipped(reason) });
  if (built.state !== 'done') return nothing('there is no build');
  if (platform.run === undefined) {
    return nothing(platform.library === undefined ? 'only checked' : 'nothing runs it on this machine');
  }
  const runtimes = await platform.run();
  if (typeof runtimes === 'string') {
    return platform.load === undefined ? nothing(runtimes) : { ...result, loaded: await load(platform, runtimes) };
  }
  copyFileSync(builtFile(triple, 'release', platform.library), path.join(root, platform.addon));
  result.loaded = done(runtimes.map(({ name }) => name).join(' and '));
  for (const { run, ...suiteOf } of suitesOf(platform, runtimes, { isOptimized })) {
    if (!wanted.some((part) => suiteOf.name.includes(part))) continue;
    const suite = { ...suiteOf, ...(await run()) };
    result.suites.push(suite);
    onSuite(suite, result);
  }
  return result;
}

/** Loads the addon without Node. `reason`: why no Node runs it. */
async function load(platform, reason) {
  const outcome = await platform.load(builtFile(platform.triple, 'release', platform.library));
  if (typeof outcome === 'string') return skipped(`${reason}; ${outcome}`);
  return outcome.ok ? done(`${outcome.text} (${reason})`) : failed(outcome.text);
}

async function build(platform, options) {
  const { triple, linker, zig } = platform;
  if (linker !== undefined && !has(linker)) return skipped(`${linker} is not installed`);
  if (zig === true && !(has('cargo-zigbuild') && has('zig', ['version']))) {
    return skipped('zig and cargo-zigbuild are not in the path');
  }
  if (zig !== true && linker === undefined) return check(platform, options);
  const command = zig === true ? 'zigbuild' : 'build';
  const outcome = await cargo(platform, command, ['--lib', '--release'], options);
  if (typeof outcome === 'string') return skipped(outcome);
  return outcome === 0 ? done('yes') : failed(`cargo ${command} failed for ${triple}`);
}

/** Lets the compiler check the crate and its tests, with warnings as errors where clippy is there. */
async function check(platform, options) {
  const command = hasClippy(platform.triple) ? 'clippy' : 'check';
  const strict = command === 'clippy' ? ['--', '--deny', 'warnings'] : [];
  const outcome = await cargo(platform, command, ['--all-targets', ...strict], options);
  if (typeof outcome === 'string') return skipped(outcome);
  return outcome === 0 ? done(`\`cargo ${command}\` only`) : failed(`cargo ${command} failed for ${platform.triple}`);
}

/** What is wrong with the outcome of a target; `undefined`: nothing. A skipped part is no fault. */
export function problemOf({ triple, built, loaded, suites }) {
  const bad = [built, loaded].find(({ state }) => state === 'failed');
  if (bad !== undefined) return `${triple}: ${bad.text}`;
  const wrong = suites.filter(({ total, unexpected }) => total === 0 || unexpected.length > 0);
  return wrong.length === 0 ? undefined : `${triple}: failed: ${wrong.map(({ name }) => name).join(', ')}`;
}
