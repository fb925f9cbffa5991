// The packages that an isolate may import.
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';

import { createWorker, type WorkerOptions } from 'isolated-workers';
import type { IsolateDriver, IsolateOptions } from 'isolated-workers/drivers/isolate';

import { failure, type Loose } from '../fixtures/support.mjs';
import { temporaryFolder } from '../fixtures/package/copy.mjs';
import { driver, serving, startIsolate, ways } from '../fixtures/isolate/support.mjs';

const folder = temporaryFolder(after);
const root = path.join(folder, 'app/rules');

function write(name: string, text: string | object): void {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, typeof text === 'string' ? text : JSON.stringify(text));
}

/** Writes a package into a folder `node_modules`. */
function install(at: string, name: string, manifest: object, files: Record<string, string>): void {
  write(`${at}/node_modules/${name}/package.json`, { name, type: 'module', ...manifest });
  for (const [file, text] of Object.entries(files)) write(`${at}/node_modules/${name}/${file}`, text);
}

before(() => {
  const value = "export { value } from './lib/value.js';";
  install(
    'app',
    'shapes',
    { exports: { '.': { node: './node.js', import: './isolate.js', default: './other.js' } } },
    {
      'isolate.js': value,
      'node.js': "export const value = 'for Node';",
      'lib/value.js': "export const value = 'shapes';",
    },
  );
  const patterns = { './*': './dist/*.js', './internal/*': null, './deep/*/x': ['./dist/deep/*.js'] };
  install(
    'app',
    '@scope/patterns',
    { exports: patterns, imports: { '#inner': './dist/inner.js', '#shapes': 'shapes' } },
    {
      'dist/a.js':
        "export { value } from '#inner'; export { value as shapes } from '#shapes'; export * from '@scope/patterns/deep/b/x';",
      'dist/inner.js': "export const value = 'inner';",
      'dist/deep/b.js': "export const deep = 'deep';",
      'dist/internal/c.js': 'export const secret = 1;',
      'dist/leaves.js': "export { value } from '../../../shapes/lib/value.js';",
      'dist/node.js': "import 'node:fs';",
    },
  );
  install(
    'app',
    'plain',
    { type: undefined, main: './main.mjs' },
    {
      'main.mjs': "export { version } from 'common'; export const value = 'plain';",
      'file.js': 'module.exports = 1;',
      'esm/package.json': '{ "type": "module" }',
      'esm/file.js': "export const value = 'esm';",
      'data.json': '{}',
    },
  );
  install('app', 'common', { exports: './index.js' }, { 'index.js': 'export const version = 1;' });
  install('app/node_modules/plain', 'common', { exports: './index.js' }, { 'index.js': 'export const version = 2;' });
  symlinkSync(path.join(folder, 'app/rules/main.js'), path.join(folder, 'app/node_modules/plain/link.mjs'));
  write('app/rules/main.js', serving('load: (name) => import(name).then((module) => ({ ...module }))'));
});

const packages = ['shapes', '@scope/patterns', 'plain', 'common', 'missing'];

async function start(t: TestContext, driverOptions: IsolateOptions) {
  const options = { driver, script: 'main.js', driverOptions: { root, ...driverOptions } };
  const worker = await createWorker<Loose, IsolateDriver>(options as WorkerOptions<Loose, IsolateDriver>);
  t.after(() => worker.close());
  return worker;
}

describe('An isolate', () => {
  for (const [name, way] of Object.entries(ways)) {
    test(`imports what the listed packages export (${name})`, async (t) => {
      const worker = await start(t, { ...way, packages });
      const expected: [string, object][] = [
        ['shapes', { value: 'shapes' }],
        ['@scope/patterns/a', { value: 'inner', shapes: 'shapes', deep: 'deep' }],
        ['plain/esm/file.js', { value: 'esm' }],
      ];
      for (const [specifier, members] of expected) assert.deepEqual(await worker.send('load', specifier), members);
    });
  }

  test('has each version of a package that a package brings along', async (t) => {
    const worker = await start(t, { packages });
    assert.deepEqual(await worker.send('load', 'common'), { version: 1 });
    assert.deepEqual(await worker.send('load', 'plain'), { version: 2, value: 'plain' });
  });

  test('imports no other package, and nothing that a package does not export', async (t) => {
    const worker = await start(t, { packages });
    const refused: [string, RegExp][] = [
      [
        'esbuild',
        /"main\.js" cannot import "esbuild": an isolate has no packages but "shapes", .* and no modules of Node's/,
      ],
      ['node:fs', /an isolate has no packages but/],
      ['isolated-workers/effect', /an isolate has no packages but/],
      ['isolated-workers/package.json', /an isolate has no packages but/],
      ['#inner', /an isolate has no packages but/],
      ['', /an isolate has no packages but/],
      ['/node_modules/shapes/isolate.js', /an isolate has no packages but/],
      ['missing', /the package "missing" is not installed/],
      ['shapes/lib/value.js', /the package "shapes" does not export "\.\/lib\/value\.js"/],
      ['@scope/patterns', /the package "@scope\/patterns" does not export "\."/],
      ['@scope/patterns/internal/c', /does not export "\.\/internal\/c"/],
      [
        '@scope/patterns/none',
        /the module "\/node_modules\/@scope\/patterns\/dist\/none\.js" cannot be read \(ENOENT\)/,
      ],
      ['@scope/patterns/../../shapes/isolate', /cannot be read \(ENOENT\)/],
      [
        '@scope/patterns/leaves',
        /cannot import "\.\.\/\.\.\/\.\.\/shapes\/lib\/value\.js": it is outside of its package/,
      ],
      [
        '@scope/patterns/node',
        /"\/node_modules\/@scope\/patterns\/dist\/node\.js" cannot import "node:fs": an isolate has no/,
      ],
      ['plain/file.js', /is no ES module, and an isolate has no others\. Bundle it/],
      ['plain/data.json', /is no ES module/],
      ['plain/link.mjs', /is a link to a file outside of its package/],
    ];
    for (const [name, text] of refused) assert.match((await failure(worker.send('load', name))).message, text);
    assert.deepEqual(await worker.send('load', 'shapes'), { value: 'shapes' });
  });

  test('has no packages by default', async (t) => {
    const worker = await start(t, {});
    assert.match((await failure(worker.send('load', 'shapes'))).message, /an isolate has no packages and no modules/);
  });

  test('finds packages from the working directory where its modules are texts', async (t) => {
    const sources = { 'main.js': `import { succeed } from 'effect/Exit';\n${serving('tag: () => succeed(1)._tag')}` };
    const worker = await startIsolate(t, '', { sources, packages: ['effect'], limits: { memoryMb: 64 } });
    assert.equal(await worker.send('tag'), 'Success');
  });

  test('takes an array of names', async () => {
    for (const wrong of ['effect', [1], { effect: true }]) {
      const options = { driver, script: 'main.js', driverOptions: { root, packages: wrong as unknown as string[] } };
      const error = await failure(createWorker(options as WorkerOptions<Loose, IsolateDriver>));
      assert.equal(error.code, 'ERR_INVALID_OPTION');
      assert.match(error.message, /driverOptions\.packages must be an array of names/);
    }
  });
});
