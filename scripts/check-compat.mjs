// Runs packages from npm, unmodified, with each Worker a process: npm run check:compat [-- --only <package>] [-- --record]
// They are installed in a folder outside the repository. `--record` writes the result into docs/worker-threads.md.
// `--node-tests <folder> --node <runtime>` runs Node's own programs, too: the folder has `test/common` and `test/parallel` of a
// checkout of Node, and the runtime is of that version.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { capture } from './compat/capture.mjs';
import { causeOf } from './compat/node-causes.mjs';
import { runNodeTests } from './compat/node-tests.mjs';
import { packages } from './compat/packages.mjs';
import { record } from './compat/record.mjs';
import { root, run } from './command.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    record: { type: 'boolean' },
    folder: { type: 'string' },
    'node-tests': { type: 'string' },
    node: { type: 'string', default: process.execPath },
  },
});
const folder = values.folder ?? mkdtempSync(path.join(os.tmpdir(), 'isolated-workers-compat-'));
const register = path.join(root, 'dist/worker-threads/register.mjs');

try {
  const chosen = packages.filter(({ name }) => values.only === undefined || values.only.includes(name));
  await install(chosen);
  const results = [];
  for (const each of chosen) results.push(await result(each));
  for (const { name, variant, version, passed, checks, failures } of results) {
    const title = [name, version, ...(variant === undefined ? [] : [variant])].join(' ');
    console.log(`${failures.length === 0 ? 'ok  ' : 'FAIL'} ${title}: ${passed} of ${checks}`);
    for (const failure of failures) console.log(`     ${failure}`);
  }
  const own = values['node-tests'] === undefined ? undefined : await nodeTests(values['node-tests'], values.node);
  if (values.record) record(results, own);
  process.exitCode = results.every(({ failures }) => failures.length === 0) ? 0 : 1;
} finally {
  if (values.folder === undefined) rmSync(folder, { recursive: true, force: true });
}

/** Node's own programs: those that fail are no failure of this check, and have a cause. */
async function nodeTests(tests, node) {
  const preload = path.join(root, 'dist/worker-threads/register.cjs');
  const results = await runNodeTests({ folder: tests, node, register: preload });
  const failed = results.filter(({ passed }) => !passed).map(({ name }) => name);
  console.log(`Node's own programs: ${results.length - failed.length} of ${results.length}`);
  for (const name of failed) console.log(`     ${name}: ${causeOf(name)}`);
  const { output } = await capture(node, ['--version'], { cwd: '.', timeout: 10_000 });
  return { version: output.trim().slice(1), all: results.length, failed };
}

async function install(chosen) {
  mkdirSync(folder, { recursive: true });
  cpSync(path.join(root, 'scripts/compat/programs'), folder, { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n');
  const specs = [...new Set(chosen.flatMap(({ install: names }) => names))];
  const code = await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...specs], { cwd: folder });
  if (code !== 0) throw new Error(`npm install ${specs.join(' ')} has failed`);
}

/** Runs what shows that a package works. */
async function result({ name, variant, args, cwd = '.', expected, env, runtime, timeout = 180_000 }) {
  const { version } = JSON.parse(readFileSync(path.join(folder, 'node_modules', name, 'package.json'), 'utf8'));
  const place = path.join(folder, cwd);
  if (!existsSync(place)) throw new Error(`${place} is missing`);
  const command = runtime === undefined ? process.execPath : path.join(folder, 'node_modules', runtime);
  const { code, output } = await capture(command, ['--import', register, ...args], { cwd: place, timeout, more: env });
  const { checks, failures } = expected === undefined ? printed(output, code) : matched(output, code, expected);
  // Whoever shares memory shares it with a process.
  if (variant !== undefined && /ISOLATED_WORKERS_(?:THREAD|NO_SHARED)/.test(output)) failures.push(output.slice(-1000));
  return { name, variant, version, checks, passed: checks - failures.length, failures };
}

/** The checks that a program has printed, one a line. */
function printed(output, code) {
  const lines = output.split('\n').filter((line) => line.startsWith('{"name":'));
  const checks = lines.map((line) => JSON.parse(line));
  const failures = checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`);
  if (code !== 0 || checks.length === 0) failures.push(`the program ended with ${code}: ${output.slice(-1000)}`);
  return { checks: Math.max(checks.length, failures.length), failures };
}

/** What the output of a test runner has to say. */
function matched(output, code, expected) {
  const failures = expected.texts
    .filter((text) => !text.test(output))
    .map((text) => `${text} is not in ${output.slice(-1500)}`);
  if (code !== expected.code) failures.push(`it ended with ${code}, and not with ${expected.code}`);
  return { checks: expected.texts.length + 1, failures };
}
