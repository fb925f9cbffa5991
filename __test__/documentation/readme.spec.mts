// The programs of the README under their own names, on each runtime that can run TypeScript; and its length.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { commandOf, runtimes } from '../fixtures/other-runtimes.mjs';
import { typeIn } from '../fixtures/page-programs.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
const printed = { 'host.ts': 'the sum is 3\n', 'threads.ts': 'the sum is 5\n' };
const options = { timeout: 120_000 };

test('README.md has at most 150 lines', () => {
  assert.ok(readme.trimEnd().split('\n').length <= 150);
});

test('README.md has TypeScript only in programs that the tests below run', () => {
  const blocks = [...readme.matchAll(/^```(?:[cm]?[jt]s|typescript|javascript)\n(.*)$/gm)].map(([, line]) => line);
  assert.deepEqual(
    blocks,
    ['worker.ts', ...Object.keys(printed)].map((file) => `// ${file}`),
  );
});

test("README.md's programs run with tsx on this Node", options, async () => {
  const folder = typeIn('README.md', 'readme-tsx');
  const args = ['--import', import.meta.resolve('tsx')];
  for (const [file, shown] of Object.entries(printed)) {
    const { stdout } = await promisify(execFile)(process.execPath, [...args, file], { cwd: folder });
    assert.equal(stdout, shown);
  }
});

for (const runtime of runtimes) {
  test(`README.md's programs run on ${runtime.name}`, options, async (t) => {
    // As the README calls it, without the flags of other tests.
    const args = runtime.args.filter((arg) => arg !== '--expose-gc');
    const command = await commandOf(t, { ...runtime, args });
    if (command === undefined) return;
    const folder = typeIn('README.md', `readme-${runtime.name.replace(' ', '-')}`);
    for (const [file, shown] of Object.entries(printed)) {
      const { stdout }: { stdout: string } = await promisify(execFile)(command.file, [...command.args, file], {
        ...command.options,
        cwd: folder,
      });
      assert.equal(stdout, shown, `${runtime.name}, ${file}`);
    }
  });
}
