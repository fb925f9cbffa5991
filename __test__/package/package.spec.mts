import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));
const require = createRequire(import.meta.url);
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));

const entries = [
  '.',
  './drivers',
  './drivers/child-process',
  './drivers/worker-threads',
  './drivers/in-process',
  './drivers/isolate',
  './drivers/isolate/os',
  './drivers/nats',
  './conformance',
  './effect',
  './effect/runner',
];
/** Programs of their own, which hand on nothing of the root. */
const programs = [
  'isolated-workers/conformance',
  'isolated-workers/drivers/isolate',
  'isolated-workers/drivers/isolate/os',
  'isolated-workers/drivers/nats',
  'isolated-workers/effect',
  'isolated-workers/effect/runner',
];
/** In place of `node:worker_threads`: with its default export, and with what each version of Node has. */
const substitutes = ['./worker_threads', './register'];
const specifiers = entries.map((entry) => path.posix.join('isolated-workers', entry));

test('The exports map has exactly these entries', () => {
  assert.deepEqual(Object.keys(manifest.exports), [...entries, ...substitutes, './package.json']);
});

test('Each exported class and function has the name of its export', async () => {
  for (const [name, value] of Object.entries(await import('isolated-workers'))) {
    if (typeof value === 'function') assert.equal(value.name, name);
  }
});

describe('import and require', () => {
  for (const specifier of specifiers) {
    test(`give the same objects for ${specifier}`, async () => {
      const { default: whole, ...imported } = await import(specifier);
      const required = require(specifier);
      assert.equal(whole, undefined, 'there is no default export to confuse with the module');
      assert.deepEqual(Object.keys(imported).toSorted(), Object.keys(required).toSorted());
      assert.ok(Object.keys(imported).length > 0);
      for (const [name, value] of Object.entries(imported)) assert.equal(value, required[name], name);
    });
  }

  test('give the same classes for a subpath and the root', async () => {
    const bundle = await import('isolated-workers');
    for (const specifier of specifiers.filter((each) => !programs.includes(each))) {
      for (const [name, value] of Object.entries(await import(specifier))) {
        assert.equal(value, bundle[name as keyof typeof bundle], `${specifier}: ${name}`);
      }
    }
  });
});

test('The main bundle excludes the conformance suite, which loads it from its own folder', () => {
  const read = (file: string) => readFileSync(path.join(root, 'dist', file), 'utf8');
  assert.doesNotMatch(read('library.cjs'), /conformance/i);
  const suite = read('conformance/index.cjs');
  assert.match(suite, /require\("\.\.\/index\.cjs"\)/);
  assert.doesNotMatch(suite, /\bts\/(?!conformance\/)/, 'a module of the facade was bundled again');
});

test('Only the entries for Effect load the optional package `effect`', () => {
  const optional = ['@nats-io/transport-node', 'effect'];
  assert.deepEqual(
    manifest.peerDependenciesMeta,
    Object.fromEntries(optional.map((name) => [name, { optional: true }])),
  );
  assert.deepEqual(Object.keys(manifest.peerDependencies), optional);
  const dist = path.join(root, 'dist');
  const loading = readdirSync(dist, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll(path.sep, '/'))
    .filter(
      (file) => /\.(cjs|[mc]?ts|mjs)$/.test(file) && /["']effect\//.test(readFileSync(path.join(dist, file), 'utf8')),
    );
  assert.deepEqual(
    loading.toSorted(),
    ['index', 'runner'].flatMap((entry) => [`effect/${entry}.d.mts`, `effect/${entry}.d.ts`, `effect/${entry}.mjs`]),
  );
  for (const file of ['effect/index.mjs', 'effect/runner.mjs']) {
    const text = readFileSync(path.join(dist, file), 'utf8');
    assert.match(text, /from "isolated-workers"/);
    assert.doesNotMatch(text, /\bts\/(?!effect\/)/, 'a module of the facade was bundled again');
  }
});

test('Only the entry for NATS loads the optional package `@nats-io/transport-node`', () => {
  const dist = path.join(root, 'dist');
  const loading = readdirSync(dist, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll(path.sep, '/'))
    .filter(
      (file) => /\.(cjs|[mc]?ts|mjs)$/.test(file) && /["']@nats-io\//.test(readFileSync(path.join(dist, file), 'utf8')),
    );
  for (const file of loading) assert.match(file, /^nats\//);
  for (const file of ['nats/index.cjs', 'nats/worker.cjs', 'nats/credentials.cjs']) {
    const text = readFileSync(path.join(dist, file), 'utf8');
    assert.doesNotMatch(text, /\bts\/(?!nats\/|util\/primordials)/, 'a module of the facade was bundled again');
    assert.doesNotMatch(text, /require\("@nats-io/, 'it is loaded with the entry, and not with the first worker');
  }
});

test('The driver for isolates loads the main bundle, and the second addon with the first isolate', () => {
  const text = readFileSync(path.join(root, 'dist/isolate/core.cjs'), 'utf8');
  assert.match(text, /require\("\.\.\/index\.cjs"\)/);
  assert.doesNotMatch(text, /\bts\/(?!isolate\/|util\/primordials)/, 'a module of the facade was bundled again');
  assert.doesNotMatch(text, /require\("[^"]*\.node"\)/, 'it is loaded with the entry');
});

describe('TypeScript finds the declarations', () => {
  const host = ts.createCompilerHost({});
  const user = path.join(root, '__test__', 'user.mts');
  const settings: Record<string, { moduleResolution: ts.ModuleResolutionKind; mode: ts.ResolutionMode }> = {
    'NodeNext, ES module': { moduleResolution: ts.ModuleResolutionKind.NodeNext, mode: ts.ModuleKind.ESNext },
    'NodeNext, CommonJS': { moduleResolution: ts.ModuleResolutionKind.NodeNext, mode: ts.ModuleKind.CommonJS },
    Bundler: { moduleResolution: ts.ModuleResolutionKind.Bundler, mode: ts.ModuleKind.ESNext },
  };
  for (const [title, { moduleResolution, mode }] of Object.entries(settings)) {
    test(`of each entry with ${title}`, () => {
      const options = { module: ts.ModuleKind.NodeNext, moduleResolution };
      for (const specifier of specifiers) {
        const { resolvedModule } = ts.resolveModuleName(specifier, user, options, host, undefined, undefined, mode);
        // An ES module must get .d.mts: .d.ts would tell TypeScript that it imports a CommonJS module.
        const extension = mode === ts.ModuleKind.CommonJS ? '.d.ts' : '.d.mts';
        assert.equal(resolvedModule?.extension, extension, specifier);
      }
    });
  }

  test('of each entry with classic resolution, which ignores the exports map', () => {
    for (const entry of entries.slice(1)) {
      const [declarations] = manifest.typesVersions['*'][entry.slice('./'.length)];
      assert.equal(declarations, manifest.exports[entry].require.types);
    }
    assert.equal(manifest.types, manifest.exports['.'].require.types);
  });
});

test('The published package has exactly the necessary files', async () => {
  const npm = await promisify(execFile)('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    shell: process.platform === 'win32',
  });
  const [{ files }] = JSON.parse(npm.stdout) as [{ files: { path: string }[] }];
  assert.deepEqual(
    files.map((file) => file.path).toSorted(),
    [
      'LICENSE',
      'README.md',
      'dist/checks.cjs',
      'dist/cli.cjs',
      'dist/clone.cjs',
      'dist/conformance/checked-messages.d.ts',
      'dist/conformance/conformance-cases.d.ts',
      'dist/conformance/full-worker.mjs',
      'dist/conformance/handlers.d.ts',
      'dist/conformance/index.cjs',
      'dist/conformance/index.d.mts',
      'dist/conformance/index.d.ts',
      'dist/conformance/index.mjs',
      'dist/conformance/messages.d.ts',
      'dist/conformance/options.d.ts',
      'dist/conformance/server.d.ts',
      'dist/conformance/store-messages.d.ts',
      'dist/conformance/worker.mjs',
      'dist/doctor-worker.cjs',
      'dist/drivers/child-process.cjs',
      'dist/drivers/child-process.d.mts',
      'dist/drivers/child-process.d.ts',
      'dist/drivers/child-process.mjs',
      'dist/drivers/in-process.cjs',
      'dist/drivers/in-process.d.mts',
      'dist/drivers/in-process.d.ts',
      'dist/drivers/in-process.mjs',
      'dist/drivers/index.cjs',
      'dist/drivers/index.d.mts',
      'dist/drivers/index.d.ts',
      'dist/drivers/index.mjs',
      'dist/drivers/worker-threads.cjs',
      'dist/drivers/worker-threads.d.mts',
      'dist/drivers/worker-threads.d.ts',
      'dist/drivers/worker-threads.mjs',
      'dist/custom.cjs',
      'dist/failures.cjs',
      'dist/host.cjs',
      ...['effect/index', 'effect/runner'].flatMap((entry) => [
        `dist/${entry}.cjs`,
        `dist/${entry}.d.mts`,
        `dist/${entry}.d.ts`,
        `dist/${entry}.mjs`,
      ]),
      ...['host/options', 'host/spawned', 'worker/options'].flatMap((types) => [
        `dist/effect/${types}.d.mts`,
        `dist/effect/${types}.d.ts`,
      ]),
      ...['driver', 'index', 'notify-isolates', 'os', 'os/types', 'os/worker', 'types'].flatMap((types) => [
        `dist/isolate/${types}.d.mts`,
        `dist/isolate/${types}.d.ts`,
      ]),
      'dist/isolate/core.cjs',
      'dist/isolate/index.cjs',
      'dist/isolate/index.mjs',
      'dist/isolate/jail.cjs',
      'dist/isolate/library.bin',
      'dist/isolate/os.bin',
      'dist/isolate/os.cjs',
      'dist/isolate/os.mjs',
      ...['driver', 'index', 'options', 'serving/serve'].flatMap((types) => [
        `dist/nats/${types}.d.mts`,
        `dist/nats/${types}.d.ts`,
      ]),
      'dist/nats/credentials.cjs',
      'dist/nats/index.cjs',
      'dist/nats/index.mjs',
      'dist/nats/worker.cjs',
      ...['index', 'register'].flatMap((entry) => [
        `dist/worker-threads/${entry}.cjs`,
        `dist/worker-threads/${entry}.d.mts`,
        `dist/worker-threads/${entry}.d.ts`,
        `dist/worker-threads/${entry}.mjs`,
      ]),
      'dist/worker-threads/boot.cjs',
      'dist/worker-threads/implementation.cjs',
      'dist/index.cjs',
      'dist/index.d.mts',
      'dist/index.mjs',
      'dist/library.cjs',
      'dist/module.cjs',
      'dist/plain.cjs',
      'dist/pool.cjs',
      'dist/process.cjs',
      'dist/streams.cjs',
      'dist/structured.cjs',
      'dist/thread.cjs',
      'index.d.ts',
      'package.json',
    ].toSorted(),
  );
});

test('The package has no install script and no dependency', () => {
  assert.equal(manifest.dependencies, undefined);
  for (const script of ['preinstall', 'install', 'postinstall', 'prepare']) {
    assert.equal(manifest.scripts[script], undefined, script);
  }
});

test('The Rust package, the lock files, the changelog and the page of the protocol have the version of the package', () => {
  const places: Record<string, RegExp> = {
    'Cargo.toml': /^version = "(.*)"$/m,
    'crates/isolate/Cargo.toml': /^version = "(.*)"$/m,
    'Cargo.lock': /^name = "isolated-workers"\nversion = "(.*)"$/m,
    'fuzz/Cargo.lock': /^name = "isolated-workers"\nversion = "(.*)"$/m,
    'package-lock.json': /"version": "(.*)"/,
    // Entries that wait for their version are under `Unreleased`.
    'CHANGELOG.md': /^## (\d\S*)/m,
    'docs/protocol.md': /"version":"(.*?)"/,
  };
  for (const [file, pattern] of Object.entries(places)) {
    const [, version] = pattern.exec(readFileSync(path.join(root, file), 'utf8')) ?? [];
    assert.equal(version, manifest.version, file);
  }
});
