// One process writes a shared buffer while another passes it to functions that read bytes: no runtime crashes.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { commandOf, runtimes } from '../../fixtures/other-runtimes.mjs';

const run = promisify(execFile);
const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/raced-buffer/${name}.mjs`, import.meta.url));
const program = fixture('host');
const skip = process.platform !== 'linux' && 'memory is passed on Linux only';

/** Where `buffer` is a `SharedArrayBuffer`; elsewhere the runtime makes none, or cannot read it safely. */
const shares: Record<string, boolean> = { 'Node 24': true, 'Node 26': true, Bun: true };

test('This runtime reads a shared buffer while a worker writes it', { skip, timeout: 120_000 }, async () => {
  const { stdout } = await run(process.execPath, [program], { timeout: 90_000 });
  const { isShared, host } = JSON.parse(stdout) as Record<string, boolean>;
  assert.equal(isShared, host);
  if (Number.parseInt(process.versions.node, 10) < 24) assert.equal(isShared, false);
});

for (const runtime of runtimes) {
  test(`${runtime.name} reads a shared buffer while a worker writes it`, { skip, timeout: 180_000 }, async (t) => {
    const called = await commandOf(t, runtime, program);
    if (called === undefined) return;
    const { stdout } = await run(called.file, called.args, { ...called.options, timeout: 90_000 });
    const isShared = shares[runtime.name] === true;
    assert.deepEqual(JSON.parse(stdout), { isShared, host: isShared });
  });

  test(
    `${runtime.name} keeps memory that one thread passed to another before it ended`,
    { skip, timeout: 180_000 },
    async (t) => {
      const called = await commandOf(t, runtime, fixture('threads'));
      if (called === undefined) return;
      const { stdout } = await run(called.file, called.args, { ...called.options, timeout: 90_000 });
      assert.deepEqual(JSON.parse(stdout), [shares[runtime.name] === true, 7, 8]);
    },
  );
}
