// Programs test their workers with InProcessDriver, where the test runner loads the modules.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { build } from 'esbuild';

import { inTestAll } from '../fixtures/rounds.mjs';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const options = { timeout: 235_000, skip: inTestAll };

/** A project with a test runner and this package, kept below build/; `undefined`, and the test is skipped, where npm gives none. */
async function project(
  t: TestContext,
  runner: string,
  version: string,
  ...more: string[]
): Promise<string | undefined> {
  const folder = path.join(root, 'build/test-runners', runner);
  mkdirSync(folder, { recursive: true });
  const type = runner === 'vitest' ? 'module' : 'commonjs';
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: `with-${runner}`, private: true, type }));
  const packages = [runner, ...more];
  if (!packages.every((name) => existsSync(path.join(folder, 'node_modules', name)))) {
    const args = ['install', '--silent', '--no-audit', '--no-fund', '--no-package-lock'];
    args.push(...packages.map((name) => `${name}@${version}`));
    const failed = await run('npm', args, { cwd: folder }).then(
      () => undefined,
      (error: Error) => error.message,
    );
    if (failed !== undefined) {
      t.skip(`${runner}@${version} cannot be fetched: ${failed.slice(0, 200)}`);
      return undefined;
    }
  }
  // Copied: a runner takes what a link leads to for a part of the project.
  const installed = path.join(folder, 'node_modules/isolated-workers');
  rmSync(installed, { recursive: true, force: true });
  for (const name of ['dist', 'package.json', ...readdirSync(root).filter((file) => file.endsWith('.node'))]) {
    cpSync(path.join(root, name), path.join(installed, name), { recursive: true });
  }
  // Where bundles find the addon.
  const addon = path.join(folder, `node_modules/@isolated-workers/binding-${process.platform}-${process.arch}-gnu`);
  mkdirSync(addon, { recursive: true });
  for (const file of readdirSync(root).filter((name) => /^isolated-workers\.[\w-]+\.node$/.test(name))) {
    cpSync(path.join(root, file), path.join(addon, file));
    writeFileSync(path.join(addon, 'package.json'), JSON.stringify({ name: 'addon', main: file }));
  }
  cpSync(path.join(root, '__test__/fixtures/test-runners', runner), folder, { recursive: true });
  return folder;
}

/** What it prints, if it ends well. */
async function passes(folder: string, tool: string, args: string[], env: object = {}): Promise<string> {
  const bin = path.join(folder, 'node_modules/.bin', tool);
  const outcome = await run(bin, args, { cwd: folder, env: { ...process.env, CI: '1', ...env } }).catch(
    (error: { stdout: string; stderr: string }) => error,
  );
  assert.ok(!(outcome instanceof Error), `${outcome.stdout}${outcome.stderr}`.slice(-3000));
  return `${outcome.stdout}${outcome.stderr}`;
}

/** Bundles the program of a project, with the library; the addon stays a package of its own. */
async function bundle(folder: string, format: 'esm' | 'cjs', file: string): Promise<void> {
  await build({
    entryPoints: [path.join(folder, 'program.ts')],
    outfile: path.join(folder, 'bundle', file),
    bundle: true,
    platform: 'node',
    format,
    external: ['*.node'],
    logLevel: 'error',
  });
}

test('vitest runs workers in process, with its mocks and TypeScript, in each pool', options, async (t) => {
  const folder = await project(t, 'vitest', '3', '@vitest/coverage-v8');
  if (folder === undefined) return;
  for (const pool of ['threads', 'forks', 'vmThreads', 'vmForks']) {
    await passes(folder, 'vitest', ['run', '--pool', pool, 'plain', 'mocked']);
  }
});

test('vitest measures the coverage of workers in process', options, async (t) => {
  const folder = await project(t, 'vitest', '3', '@vitest/coverage-v8');
  if (folder === undefined) return;
  const coverage = ['--coverage', '--coverage.reporter=text', '--coverage.include=worker.ts'];
  const report = await passes(folder, 'vitest', ['run', ...coverage, 'plain']);
  assert.match(report, /^\s*worker\.ts\s*\|\s*100 /m);
});

test('vitest runs bundles that have the library and a worker in them', options, async (t) => {
  const folder = await project(t, 'vitest', '3', '@vitest/coverage-v8');
  if (folder === undefined) return;
  await bundle(folder, 'esm', 'program.mjs');
  await bundle(folder, 'cjs', 'program.cjs');
  await passes(folder, 'vitest', ['run', 'bundled']);
});

test('Jest runs workers in process, with its mocks, and workers in threads and processes', options, async (t) => {
  const folder = await project(t, 'jest', '29');
  if (folder === undefined) return;
  const report = await passes(folder, 'jest', ['--rootDir', '.', '--detectOpenHandles']);
  const handles = [...report.matchAll(/●  (\S+)/g)].map(([, name]) => name);
  assert.deepEqual(handles, ['CustomGC'], 'nothing of the library is open, besides what napi-rs keeps for itself');
});
