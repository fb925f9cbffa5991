// The modules of an isolate: from one folder, or from texts.
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import * as nodeModule from 'node:module';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { createWorker, type WorkerOptions } from 'isolated-workers';
import type { IsolateDriver, IsolateOptions } from 'isolated-workers/drivers/isolate';

import { failure, type Loose } from '../fixtures/support.mjs';
import { temporaryFolder } from '../fixtures/package/copy.mjs';
import { driver, modes, serving, startIsolate } from '../fixtures/isolate/support.mjs';

const folder = temporaryFolder(after);
const root = path.join(folder, 'root');
const inRoot = (name: string) => path.join(root, name);

before(() => {
  mkdirSync(inRoot('lib'), { recursive: true });
  writeFileSync(path.join(folder, 'secret.js'), 'export const secret = 1;');
  symlinkSync(path.join(folder, 'secret.js'), inRoot('link.js'));
  writeFileSync(inRoot('lib/one.js'), "import { two } from './two.js'; export const one = two / 2;");
  writeFileSync(inRoot('lib/two.js'), "export { two } from '../two.js';");
  writeFileSync(inRoot('two.js'), 'export const two = 2;');
  writeFileSync(
    inRoot('main.js'),
    `import { one } from './lib/one.js';\n${serving('one: () => one, load: (name) => import(name).then(Object.keys)')}`,
  );
  writeFileSync(inRoot('typed.ts'), serving('typed: (n: number): number => n + 1'));
  writeFileSync(inRoot('broken.js'), 'export const = 1;');
});

async function start(script: string | URL, driverOptions: IsolateOptions) {
  return createWorker<Loose, IsolateDriver>({ driver, script, driverOptions } as WorkerOptions<Loose, IsolateDriver>);
}

for (const mode of modes) {
  describe(`The modules of an isolate, mode '${mode}',`, () => {
    test('come from the folder of the script, or from the root', async () => {
      const scripts: [string | URL, IsolateOptions][] = [
        [inRoot('main.js'), { mode }],
        [pathToFileURL(inRoot('main.js')), { mode }],
        ['main.js', { mode, root }],
        ['root/main.js', { mode, root: pathToFileURL(folder) }],
      ];
      for (const [script, options] of scripts) {
        const worker = await start(script, options);
        assert.equal(await worker.send('one'), 1);
        assert.deepEqual(await worker.send('load', './two.js'), ['two']);
        await worker.close();
      }
    });

    test('cannot be outside of the root, also not by a link', async () => {
      const worker = await start('main.js', { mode, root });
      const refused: [string, RegExp][] = [
        ['../secret.js', /"main\.js" cannot import "\.\.\/secret\.js": it is outside of the root folder/],
        ['./lib/../../secret.js', /it is outside of the root folder/],
        ['./link.js', /the module "link\.js" is a link to a file outside of the root folder/],
        [path.join(folder, 'secret.js'), /an isolate has no packages and no modules of Node's/],
        ['node:fs', /"main\.js" cannot import "node:fs": an isolate has no packages/],
        ['./none.js', /the module "none\.js" cannot be read \(ENOENT\)/],
        ['./broken.js', /./],
      ];
      for (const [name, text] of refused) assert.match((await failure(worker.send('load', name))).message, text);
      assert.equal(await worker.send('one'), 1);
      await worker.close();
      for (const script of ['../secret.js', 'link.js', path.join(folder, 'secret.js')]) {
        const { code } = await failure(start(script, { mode, root }));
        assert.match(String(code), /ERR_INVALID_OPTION|ERR_SCRIPT_NOT_FOUND/);
      }
    });

    test('are the texts that are given', async (t) => {
      const sources = {
        'a/main.js': `import { b } from '../b.js';\n${serving('b: () => b')}`,
        'b.js': 'export const b = 3;',
      };
      const worker = await startIsolate(t, '', { mode, sources }, { script: 'a/main.js' });
      assert.equal(await worker.send('b'), 3);
      const missing = { 'main.js': "import './none.js';" };
      assert.match(
        (await failure(startIsolate(t, '', { mode, sources: missing }))).message,
        /there is no module "none\.js"/,
      );
      const { code } = await failure(startIsolate(t, '', { mode, sources: {} }));
      assert.equal(code, 'ERR_SCRIPT_NOT_FOUND');
    });

    test('may be TypeScript where the runtime strips types, and else the error says so', async (t) => {
      const canStrip = 'stripTypeScriptTypes' in nodeModule;
      const starting = start('typed.ts', { mode, root });
      if (!canStrip)
        return assert.match((await failure(starting)).message, /TypeScript, whose types this runtime cannot strip/);
      const worker = await starting;
      t.after(() => worker.close());
      assert.equal(await worker.send('typed', 1), 2);
    });
  });
}

describe('An IsolateDriver refuses', () => {
  const wrong: [IsolateOptions, RegExp][] = [
    [{ mode: 'process' as 'thread' }, /driverOptions\.mode must be 'thread' or 'cooperative', not "process"/],
    [{ timeSlice: 2 }, /driverOptions\.timeSlice must be omitted where `mode` is not 'cooperative'/],
    [
      { mode: 'cooperative', timeSlice: 0 },
      /driverOptions\.timeSlice must be a number of milliseconds from 0\.1 to 1000/,
    ],
    [{ root: 'x', sources: {} }, /driverOptions\.sources must be omitted where `root` is given/],
    [{ sources: { a: 1 as unknown as string } }, /driverOptions\.sources\.a must be a string/],
    [{ globals: { f: 1 as never } }, /driverOptions\.globals\.f must be a function/],
    [{ env: {} } as IsolateOptions, /the driver "isolate" does not support the option `env`/],
  ];
  for (const [options, text] of wrong) {
    test(JSON.stringify(options), async () => {
      assert.match((await failure(start('main.js', options))).message, text);
    });
  }
});
