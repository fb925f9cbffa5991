// The errors of isolates: of scripts that fail before they serve, and of a package without its second addon.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { promisify } from 'node:util';

import { WorkerCrashedError } from 'isolated-workers';

import { failure } from '../fixtures/support.mjs';
import { startIsolate, ways } from '../fixtures/isolate/support.mjs';
import { commandOf, runtimes } from '../fixtures/other-runtimes.mjs';
import { temporaryFolder } from '../fixtures/package/copy.mjs';

const root = path.resolve(import.meta.dirname, '../..');

for (const [way, options] of Object.entries(ways)) {
  describe(`In the way '${way}' a script that fails before it serves`, () => {
    test('ends with its error, with the code and the other members of it', async (t) => {
      const script = "throw Object.assign(new RangeError('no'), { code: 'E_OWN', detail: { limit: 3 } });";
      const error = await failure(startIsolate(t, '', { ...options, sources: { 'main.js': script } }));
      assert.ok(error instanceof WorkerCrashedError, String(error));
      assert.equal(error.phase, 'startup');
      const cause = error.cause as RangeError & { code?: unknown; detail?: unknown };
      assert.ok(cause instanceof RangeError, String(cause));
      assert.deepEqual([cause.message, cause.code, cause.detail], ['no', 'E_OWN', { limit: 3 }]);
      assert.match(cause.stack ?? '', /main\.js/);
    });

    test('because of its syntax ends with a SyntaxError', async (t) => {
      const error = await failure(startIsolate(t, '', { ...options, sources: { 'main.js': 'let = = 1;' } }));
      assert.ok(error.cause instanceof SyntaxError, String(error.cause));
    });

    test('because the host has no module for it ends with the error of the host', async (t) => {
      const typed = "import './other.ts';";
      const sources = { 'main.js': typed, 'other.ts': 'enum Kind { One }' };
      const error = await failure(startIsolate(t, '', { ...options, sources }));
      // Where the runtime strips types, it refuses an enumeration.
      const { code } = error.cause as { code?: unknown };
      assert.match(String(code), /^ERR_(?:TYPESCRIPT_UNSUPPORTED|UNSUPPORTED_TYPESCRIPT_SYNTAX)$/, String(error.cause));
    });

    test('because of a value that is no error ends with that value', async (t) => {
      const error = await failure(startIsolate(t, '', { ...options, sources: { 'main.js': "throw 'text';" } }));
      assert.equal(error.cause, 'text');
    });
  });
}

const programFile = 'program.cjs';
const program = `
  const { createWorker } = require('./dist/index.cjs');
  const { IsolateDriver } = require('./dist/isolate/index.cjs');
  const sources = { 'main.js': "import { startWorkerServer } from 'isolated-workers'; await startWorkerServer({});" };
  const start = (driverOptions) =>
    createWorker({ driver: IsolateDriver, script: 'main.js', driverOptions: { sources, ...driverOptions } });
  (async () => {
    for (const way of [{}, { mode: 'cooperative' }, { jail: true }]) {
      const { code, message } = await start(way).then(() => ({ code: 'none' }), (error) => error);
      console.log(JSON.stringify([code, message]));
    }
    process.exit();
  })();
`;

/** The codes and texts of the errors with which isolates do not start in a copy of the package. */
async function refusals(folder: string, command: string, args: readonly string[], env?: NodeJS.ProcessEnv) {
  const { stdout } = await promisify(execFile)(command, args, { cwd: folder, timeout: 60_000, ...(env && { env }) });
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as [code: string, message: string]);
}

describe('Without what isolates need', () => {
  const folder = temporaryFolder(after);
  const whole = path.join(folder, 'whole');
  const bare = path.join(folder, 'bare');
  for (const copy of [whole, bare]) {
    mkdirSync(copy, { recursive: true });
    cpSync(path.join(root, 'dist'), path.join(copy, 'dist'), { recursive: true });
    writeFileSync(path.join(copy, programFile), program);
    for (const file of readdirSync(root).filter((name) => name.endsWith('.node'))) {
      if (copy === whole || !file.includes('-isolate.')) symlinkSync(path.join(root, file), path.join(copy, file));
    }
  }

  test('as without the second addon, the start rejects with an error that says what was tried', async () => {
    for (const [code, message] of await refusals(bare, process.execPath, [programFile])) {
      assert.equal(code, 'ERR_UNSUPPORTED_PLATFORM');
      assert.match(message, /isolates need the second native addon .* Tried:\n/s);
      assert.match(message, /isolated-workers-isolate\.[\w-]+\.node: /);
    }
  });

  test('as with the library of another engine, the start rejects with an error that says so', async () => {
    const library = path.join(bare, 'dist/isolate/library.bin');
    for (const file of readdirSync(root).filter((name) => name.includes('-isolate.') && name.endsWith('.node'))) {
      symlinkSync(path.join(root, file), path.join(bare, file));
    }
    rmSync(library);
    for (const [code, message] of await refusals(bare, process.execPath, [programFile])) {
      assert.equal(code, 'ERR_UNSUPPORTED_PLATFORM');
      assert.match(message, /does not fit the package: .*library\.bin is missing\. Install one version of both/);
    }
  });

  for (const runtime of runtimes.filter(({ name }) => name === 'Bun' || name === 'Deno')) {
    test(`as on ${runtime.name}, isolates work, or the start rejects with an error that says so`, async (t) => {
      const command = await commandOf(t, runtime, programFile);
      if (command === undefined) return;
      for (const [code, message] of await refusals(whole, command.file, command.args, command.options.env)) {
        if (runtime.name === 'Deno') assert.equal(code, 'none', message);
        else {
          assert.equal(code, 'ERR_UNSUPPORTED_PLATFORM', message);
          assert.match(
            message,
            /isolates need `Serializer` .* of node:v8, and those of Bun .* do not work: .*another driver/,
          );
        }
      }
    });
  }
});
