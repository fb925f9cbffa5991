// A worker's script that a bundler has joined with `effect` and the runner, for isolates.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import * as Effect from 'effect/Effect';
import { build as esbuild } from 'esbuild';
import { build as vite } from 'vite';
import type { IsolateOptions } from 'isolated-workers/drivers/isolate';

import { launch, runWith } from '../fixtures/effect/launch.mjs';
import { driver, ways } from '../fixtures/isolate/support.mjs';
import { temporaryFolder } from '../fixtures/package/copy.mjs';

const script = fileURLToPath(new URL('../documentation/effect/my-worker.mjs', import.meta.url));
const folder = temporaryFolder(after);

/** A name of the library is external for esbuild with all that is below it, so the runner needs another one. */
async function byEsbuild(): Promise<void> {
  const runner = 'isolated-workers/effect/runner';
  await esbuild({
    entryPoints: [script],
    outfile: path.join(folder, 'esbuild.js'),
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    external: ['isolated-workers'],
    alias: { [runner]: fileURLToPath(import.meta.resolve(runner)) },
    logLevel: 'silent',
  });
}

async function byVite(): Promise<void> {
  await vite({
    configFile: false,
    logLevel: 'silent',
    build: {
      lib: { entry: script, formats: ['es'], fileName: () => 'vite.js' },
      rollupOptions: { external: ['isolated-workers'] },
      outDir: folder,
      emptyOutDir: false,
    },
  });
}

describe('An isolate runs an Effect worker without a package', () => {
  before(async () => {
    await byEsbuild();
    await byVite();
  });

  for (const bundler of ['esbuild', 'vite']) {
    for (const [name, way] of Object.entries(ways)) {
      test(`from a bundle of ${bundler} (${name})`, async () => {
        const text = readFileSync(path.join(folder, `${bundler}.js`), 'utf8');
        assert.deepEqual(new Set(text.match(/(?<=from ?")[^"]+/g)), new Set(['isolated-workers']));
        const driverOptions: IsolateOptions = { ...way, sources: { 'worker.js': text } };
        const doubled = await runWith(
          () => ({ driver, script: 'worker.js', driverOptions }),
          Effect.gen(function* () {
            const { ask } = yield* launch();
            return yield* ask(21 as never);
          }),
        );
        assert.equal(doubled, 42);
      });
    }
  }
});
