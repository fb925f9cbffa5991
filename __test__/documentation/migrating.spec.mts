// The pages of docs/migrating: the program before, on the other library, prints what the program after prints.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import ts from 'typescript';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const packages: Record<string, string> = { piscina: 'piscina@5', 'jest-worker': 'jest-worker@30' };

const pages = readdirSync(path.join(root, 'docs/migrating')).filter((file) =>
  readFileSync(path.join(root, 'docs/migrating', file), 'utf8').includes('## Before\n'),
);

test('docs/migrating has a page for each library that users come from', () => {
  assert.deepEqual(pages.toSorted(), ['fork.md', 'jest-worker.md', 'piscina.md', 'worker-threads.md']);
});

for (const page of pages) {
  test(`docs/migrating/${page}: the programs before and after print the same`, { timeout: 120_000 }, async (t) => {
    const name = page.replace('.md', '');
    const folder = await folderWith(t, name);
    if (folder === undefined) return;
    const text = readFileSync(path.join(root, 'docs/migrating', page), 'utf8');
    for (const [, language, file = '', code = ''] of text.matchAll(/^```(\w+)\n\/\/ ([\w-]+\.\w+)\n(.*?)^```$/gms)) {
      const script = language === 'ts' ? file.replace('.ts', '.mjs') : file;
      writeFileSync(path.join(folder, script), language === 'ts' ? transpile(code) : code);
    }
    const [before, after] = await Promise.all(
      ['before.mjs', 'host.mjs'].map((file) => run(process.execPath, [path.join(folder, file)], { timeout: 50_000 })),
    );
    assert.ok(before.stdout !== '');
    assert.deepEqual(after, before);
  });
}

function transpile(code: string): string {
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
  return ts.transpileModule(code, { compilerOptions }).outputText.replaceAll(".js'", ".mjs'");
}

/** A folder below build/ that has the other library; `undefined`, and the test is skipped, where npm gives none. */
async function folderWith(t: TestContext, name: string): Promise<string | undefined> {
  const folder = path.join(root, 'build/migrating', name);
  mkdirSync(folder, { recursive: true });
  const wanted = packages[name];
  if (wanted === undefined || existsSync(path.join(folder, 'node_modules', name))) return folder;
  // A package of its own would hide this one, which the programs import by its name: npm gets the folder as its prefix.
  const args = ['install', '--silent', '--no-audit', '--no-fund', '--no-save', '--ignore-scripts', '--prefix', folder];
  try {
    await run('npm', [...args, wanted], { cwd: folder });
    return folder;
  } catch (error) {
    t.skip(`${wanted} cannot be fetched: ${(error as Error).message.slice(0, 200)}`);
    return undefined;
  }
}
