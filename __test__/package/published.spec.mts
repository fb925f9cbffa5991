// Checks the published packages with the tools that users check packages with.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';

import { platform } from '../../scripts/build/native.mjs';
import { platformFiles } from '../../scripts/release/platform-packages.mjs';
import { stage } from '../../scripts/release/stage.mjs';
import { targets } from '../../scripts/release/targets.mjs';
import { root, temporaryFolder } from '../fixtures/package/copy.mjs';

const read = (file: string) => readFileSync(file, 'utf8');
const repository = JSON.parse(read(path.join(root, 'package.json')));
const staging = temporaryFolder(after);
const published = path.join(staging, 'isolated-workers');
const addon = path.join(staging, platform());

before(() => void stage({ folder: staging, allowMissing: true }));

describe('The packages of the platforms', () => {
  test('are in npm/ as the script writes them, which `npm run version` runs', () => {
    for (const [file, text] of platformFiles()) assert.equal(read(path.join(root, file)), text, file);
    assert.deepEqual(
      readdirSync(path.join(root, 'npm')).toSorted(),
      targets()
        .map(({ folder }) => folder)
        .toSorted(),
    );
  });

  test('name system, processor and C library, and have the version of the root', () => {
    for (const { folder, addon: file, os, cpu, libc } of targets()) {
      const manifest = JSON.parse(read(path.join(root, 'npm', folder, 'package.json')));
      assert.deepEqual([manifest.os, manifest.cpu, manifest.libc], [[os], [cpu], libc && [libc]]);
      assert.deepEqual([manifest.version, manifest.main], [repository.version, file]);
    }
  });

  test('have both addons, a README and a LICENSE', () => {
    const addons = ['isolated-workers', 'isolated-workers-isolate'].map((name) => `${name}.${platform()}.node`);
    const files = [...addons, 'LICENSE', 'README.md', 'package.json'];
    assert.deepEqual(packed(addon), files.toSorted());
  });

  test('cannot be published while an addon is missing', () => {
    const empty = temporaryFolder(after);
    assert.throws(() => stage({ folder: path.join(empty, 'out'), addons: empty }), /has no isolated-workers\..*\.node/);
    assert.ok(!existsSync(path.join(empty, 'out')));
  });
});

describe('The published package', () => {
  const manifest = () => JSON.parse(read(path.join(published, 'package.json')));

  test('depends on all packages of platforms in its own version, which the one in the clone does not', () => {
    const expected = Object.fromEntries(targets().map(({ packageName }) => [packageName, repository.version]));
    assert.deepEqual(manifest().optionalDependencies, expected);
    assert.equal(repository.optionalDependencies, undefined);
    for (const name of ['scripts', 'devDependencies']) assert.equal(manifest()[name], undefined);
  });

  test('names its repository, and the files with side effects', () => {
    const { homepage, bugs, repository: source, type, sideEffects } = manifest();
    for (const address of [homepage, bugs.url, source.url]) assert.match(address, /^(?:git\+)?https:\/\/\S+$/);
    assert.deepEqual(
      { type, sideEffects },
      { type: 'commonjs', sideEffects: ['./dist/*.cjs', './dist/worker-threads/**'] },
    );
  });

  test('links to documents of its version', () => {
    const text = read(path.join(published, 'README.md'));
    for (const [, target = ''] of text.matchAll(/\]\(([^)]+)\)/g)) assert.match(target, /^https:\/\/\S+$/);
    assert.ok(text.includes(`/blob/v${repository.version}/docs/errors.md)`));
    assert.doesNotMatch(read(path.join(published, 'index.d.ts')), /`docs\//);
  });

  test('has the files of the clone', () => {
    assert.deepEqual(packed(published), packed(root));
  });

  test('passes publint', async () => {
    for (const pkgDir of [published, addon]) {
      const { messages } = await publint({ pkgDir, level: 'suggestion', strict: true, pack: false });
      assert.deepEqual(messages, []);
    }
  });

  test('has declarations that TypeScript finds and that agree with the files (attw)', async () => {
    const [{ filename }] = npmPack(published, '--pack-destination', staging);
    const archive = readFileSync(path.join(staging, filename));
    const analysis = await checkPackage(createPackageFromTarballData(archive));
    assert.ok(analysis.types !== false);
    assert.deepEqual(analysis.problems, []);
  });
});

type Packed = [{ filename: string; files: { path: string }[] }];

function npmPack(folder: string, ...args: string[]): Packed {
  const text = execFileSync('npm', ['pack', '--json', '--ignore-scripts', ...args], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    shell: process.platform === 'win32',
  });
  return JSON.parse(text);
}

function packed(folder: string): string[] {
  const [{ files }] = npmPack(folder, '--dry-run');
  return files.map(({ path: file }) => file).toSorted();
}
