// Programs that a bundler has made: the package stays external, and the worker is an entry of its own.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { promisify } from 'node:util';

import { build as esbuild } from 'esbuild';

import { bunBuild, type Bundling, bundlers } from '../fixtures/package/bundlers.mjs';
import { copyPackage, root, temporaryFolder } from '../fixtures/package/copy.mjs';
import { commandOf, runtimes } from '../fixtures/other-runtimes.mjs';
import { inTestAll } from '../fixtures/rounds.mjs';

const run = promisify(execFile);
const folder = temporaryFolder(after);
copyPackage(path.join(folder, 'node_modules/isolated-workers'), { addon: true });
cpSync(path.join(root, '__test__/fixtures/package/project/modules'), folder, { recursive: true });

/** Vite's library mode leaves the worker a file only where the host says so. */
const ignoring = path.join(folder, 'ignoring-host.mjs');
writeFileSync(
  ignoring,
  readFileSync(path.join(folder, 'host.mjs'), 'utf8').replace('new URL(', 'new URL(/* @vite-ignore */ '),
);

function bundling(name: string): Bundling {
  const host = name === 'vite, library' ? ignoring : path.join(folder, 'host.mjs');
  const entries = { host, worker: path.join(folder, 'worker.mjs') };
  return { folder, entries, outdir: path.join(folder, name.replaceAll(/\W+/g, '-')) };
}

async function checkOutput({ outdir }: Bundling): Promise<void> {
  const { stdout } = await run(process.execPath, [path.join(outdir, 'host.mjs')], { cwd: folder });
  assert.deepEqual(JSON.parse(stdout), { ChildProcessDriver: 42, WorkerThreadsDriver: 42, InProcessDriver: 42 });
}

describe('Host and worker work when they are bundled without the package', () => {
  for (const [name, bundle] of Object.entries(bundlers)) {
    test(`by ${name}`, { skip: inTestAll, timeout: 180_000 }, async () => {
      const chosen = bundling(name);
      await bundle(chosen);
      await checkOutput(chosen);
    });
  }

  test('by bun build', { skip: inTestAll, timeout: 180_000 }, async (t) => {
    const bun = runtimes.find(({ name }) => name === 'Bun') ?? assert.fail('there is no Bun');
    const called = await commandOf(t, bun);
    if (called === undefined) return;
    const chosen = bundling('bun');
    await bunBuild(called.file, chosen);
    await checkOutput(chosen);
  });
});

test('A bundle that contains the package and cannot load it says to mark it as external', async () => {
  const { entries, outdir } = bundling('contained');
  const outfile = path.join(outdir, 'host.mjs');
  await esbuild({
    entryPoints: [entries.host],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
  });
  await assert.rejects(run(process.execPath, [outfile]), /mark isolated-workers as external/);
});

test('A bundle that contains the package but no addon says the same where it starts a process', async () => {
  const { outdir } = bundling('commonjs');
  const outfile = path.join(outdir, 'host.cjs');
  const contents = `const { createWorker } = require('isolated-workers');
    createWorker({ script: ${JSON.stringify(path.join(folder, 'worker.mjs'))} }).catch(({ code, message }) => console.log(code, message));`;
  const stdin = { contents, resolveDir: folder };
  await esbuild({ stdin, outfile, bundle: true, platform: 'node', format: 'cjs', logLevel: 'silent' });
  const { stdout } = await run(process.execPath, [outfile]);
  assert.match(stdout, /^ERR_UNSUPPORTED_PLATFORM .*mark isolated-workers as external/);
});
