// An addon is missing, does not load, or may not load: processes report the reason, and other drivers work.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { platform } from '../../scripts/build/native.mjs';
import { copyPackage, temporaryFolder } from '../fixtures/package/copy.mjs';
import { commandOf, runtimes } from '../fixtures/other-runtimes.mjs';
import { inTestAll } from '../fixtures/rounds.mjs';

interface Outcomes {
  readonly ChildProcessDriver: { readonly name: string; readonly code: string; readonly message: string };
}

/** A project that has the package installed, and the program of this test. */
function project(addon: boolean): string {
  const folder = temporaryFolder(after);
  copyPackage(path.join(folder, 'node_modules/isolated-workers'), { addon });
  // Deno resolves only packages that this names.
  writeFileSync(path.join(folder, 'package.json'), '{ "dependencies": { "isolated-workers": "*" } }');
  for (const file of ['each-driver.mjs', 'worker.mjs']) {
    copyFileSync(fileURLToPath(new URL(`../fixtures/package/${file}`, import.meta.url)), path.join(folder, file));
  }
  return folder;
}

/** Runs the program; the error of processes, after the other drivers have worked. */
async function refusal(folder: string, file: string, args: string[], env = process.env) {
  const called = [...args, path.join(folder, 'each-driver.mjs')];
  const { stdout } = await promisify(execFile)(file, called, { cwd: folder, env });
  const { ChildProcessDriver: error, ...others } = JSON.parse(stdout) as Outcomes;
  assert.deepEqual(others, { WorkerThreadsDriver: 42, InProcessDriver: 42 });
  return error;
}

const addonFile = `isolated-workers.${platform()}.node`;
const here = `${process.platform} ${process.arch}`;
const installed = project(true);

describe('An addon that is missing', () => {
  test('makes an error with the platform, each attempt, and the next step', async () => {
    const folder = project(false);
    const { name, code, message } = await refusal(folder, process.execPath, []);
    assert.deepEqual([name, code], ['WorkerError', 'ERR_UNSUPPORTED_PLATFORM']);
    assert.ok(message.includes(`none for ${here}`), message);
    if (process.platform === 'linux') assert.match(message, /with (?:glibc \d+\.\d+|musl) is installed/);
    assert.match(message, /optional dependencies.*WorkerThreadsDriver, InProcessDriver and custom drivers/);
    const tried = [
      path.join(folder, 'node_modules/isolated-workers', addonFile),
      `@isolated-workers/binding-${platform()}`,
    ];
    for (const place of tried) assert.ok(message.includes(`\n  ${place}: `), message);
  });

  test('makes the same error where the runtime forbids addons', async () => {
    const { code } = await refusal(project(false), process.execPath, ['--no-addons']);
    assert.equal(code, 'ERR_UNSUPPORTED_PLATFORM');
  });
});

test('An addon that does not load makes an error with the reason of the system', async () => {
  const folder = project(false);
  writeFileSync(path.join(folder, 'node_modules/isolated-workers', addonFile), 'no addon');
  const { code, message } = await refusal(folder, process.execPath, []);
  assert.equal(code, 'ERR_UNSUPPORTED_PLATFORM');
  assert.ok(message.includes(`does not load on ${here}`), message);
  assert.match(message, /file too short|invalid ELF header|not a mach-o file|not a valid Win32/i);
});

describe('An addon that may not be loaded', () => {
  const permission = process.allowedNodeEnvironmentFlags.has('--permission')
    ? '--permission'
    : '--experimental-permission';
  const flags = [['--no-addons'], [permission, '--allow-fs-read=*', '--allow-child-process', '--allow-worker']];
  const advice = /may not be loaded in this process: .*`--no-addons`.*`--allow-addons`.*\n/;

  for (const each of flags) {
    test(`makes an error of its own (${each[0]})`, async () => {
      const { code, message } = await refusal(installed, process.execPath, each);
      assert.equal(code, 'ERR_ADDONS_DISABLED');
      assert.match(message, advice);
    });
  }

  const others: Record<string, readonly string[]> = {
    'Node 22': flags[1]?.with(0, '--permission') ?? [],
    'Node 24': flags[1]?.with(0, '--permission') ?? [],
    Bun: ['--no-addons'],
    Deno: ['run', '--allow-read', '--allow-env', '--allow-sys', '--allow-run', '--allow-write', '--no-prompt'],
  };
  for (const runtime of runtimes.filter(({ name }) => name in others)) {
    const { name } = runtime;
    test(`makes an error of its own (${name})`, { skip: inTestAll, timeout: 180_000 }, async (t) => {
      const called = await commandOf(t, runtime);
      if (called === undefined) return;
      const { code, message } = await refusal(installed, called.file, [...(others[name] ?? [])], called.options.env);
      assert.equal(code, 'ERR_ADDONS_DISABLED');
      assert.match(message, name === 'Deno' ? /may not be loaded in this process: .*`--allow-ffi`/ : advice);
    });
  }
});
