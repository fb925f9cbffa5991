// Runs Node's own programs for worker_threads, `test/parallel/test-worker-*`, with threads and with processes. They are not part of
// this repository: the folder of a checkout of Node, or of github.com/denoland/node_test, is given.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { capture } from './capture.mjs';

const TIMEOUT = 60_000;
/** A test that tells itself that it cannot run here. */
const SKIPPED = /^1\.\.0 # Skipped/m;

/**
 * @param folder - Where `test/common` and `test/parallel` are.
 * @param node - The runtime, of the version of the tests.
 * @param only - A part of a name.
 * @returns For each program that passes with threads whether it passes with processes, and what it has written.
 */
export async function runNodeTests({ folder, node, register, only = '', atOnce = 2, report = () => {} }) {
  const place = path.join(folder, 'test/parallel');
  if (!existsSync(place)) throw new Error(`${place} is missing: name a folder with the tests of Node`);
  const names = readdirSync(place).filter((name) => /^test-worker.*\.m?js$/.test(name) && name.includes(only));
  const waiting = names.map((name) => path.join(place, name));
  const results = [];
  const run = async (slot) => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const native = await runOne(file, node, slot, []);
      if (native.code !== 0 || SKIPPED.test(native.output)) continue;
      const ours = await runOne(file, node, slot, ['--require', register]);
      const result = { name: path.basename(file), passed: ours.code === 0, ...ours };
      results.push(result);
      report(result);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, (_, slot) => run(slot)));
  return results.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

async function runOne(file, node, slot, preload) {
  const flags = /^\/\/ Flags: (.*)$/m.exec(readFileSync(file, 'utf8'))?.[1]?.split(/\s+/) ?? [];
  const temporary = mkdtempSync(path.join(os.tmpdir(), 'isolated-workers-node-tests-'));
  const env = {
    ...process.env,
    NODE_TEST_DIR: temporary,
    TEST_THREAD_ID: String(slot),
    NODE_OPTIONS: '',
    NO_COLOR: '1',
  };
  try {
    return await capture(node, [...flags, ...preload, file], { cwd: path.dirname(file), timeout: TIMEOUT, env });
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
