// Runs examples/pool as a user does.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
const host = path.join(root, 'examples/pool/host.mjs');

function folder(t: TestContext): string {
  const made = mkdtempSync(path.join(os.tmpdir(), 'isolated-workers-test-'));
  t.after(() => rmSync(made, { recursive: true }));
  return made;
}

describe('examples/pool', () => {
  test('renders each file, although the host kills a worker halfway', async (t) => {
    const target = folder(t);
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [host, path.join(root, 'docs'), target]);
    assert.equal(stderr, '');
    const all = readdirSync(path.join(root, 'docs'), { recursive: true, encoding: 'utf8' });
    const files = all.filter((file) => file.endsWith('.md'));
    assert.match(stdout, /^killing worker\.mjs-\d+ with [12] files in it$/m);
    assert.match(stdout, new RegExp(`^\\[#{40}\\] ${files.length}/${files.length}$`, 'm'));
    assert.match(stdout, new RegExp(`^${files.length} of ${files.length} files, \\d+ words, \\d+ KiB of pages$`, 'm'));
    assert.match(stdout, /^0 files failed, 1 workers crashed$/m);
    for (const file of files) {
      const page = readFileSync(path.join(target, file.replace('.md', '.html')), 'utf8');
      assert.match(page, /<style>body \{ max-width.*<h1/s, file);
    }
  });

  test('finishes the files that its workers have after Ctrl+C, and exits with 130', async (t) => {
    if (process.platform === 'win32') return t.skip('nobody can send SIGINT there');
    const target = folder(t);
    const child = spawn(process.execPath, [host, path.join(root, 'node_modules'), target], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = text(child.stdout);
    const errors = text(child.stderr);
    while (readdirSync(target).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill('SIGINT');
    const [code] = await once(child, 'exit');
    assert.equal(await errors, '');
    const told = await output;
    assert.equal(code, 130, told);
    assert.match(told, /^stopping: the files that workers have are finished$/m);
    const [, pages, all] = /^(\d+) of (\d+) files/m.exec(told) as unknown as [string, string, string];
    assert.ok(Number(pages) < Number(all), told);
    const written = readdirSync(target, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.html'));
    assert.equal(written.length, Number(pages));
    for (const file of written)
      assert.ok(existsSync(path.join(target, file)) && readFileSync(path.join(target, file)).length > 0);
  });
});
