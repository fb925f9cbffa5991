// Runs examples/http-server as a user does, and asks it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const host = fileURLToPath(new URL('../../examples/http-server/host.mjs', import.meta.url));

test('examples/http-server renders, hashes, reports its numbers, and closes on SIGTERM', async (t) => {
  const child = spawn(process.execPath, [host], { stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  const errors = text(child.stderr);
  const lines = createInterface({ input: child.stdout });
  const [address] = (await once(lines, 'line')) as [string];
  // Each connection closes with its answer, so that the server has none left at its end.
  const headers = { connection: 'close' };
  const post = async (path: string, body: string) =>
    (await fetch(address + path, { method: 'POST', body, headers })).text();

  assert.equal(await post('/render', '# Hello'), '<h1>Hello</h1>\n');
  const hashes = await Promise.all(['a', 'b', 'a'].map((password) => post('/hash', password)));
  assert.match(hashes[0] as string, /^[\da-f]{64}$/);
  assert.equal(hashes[2], hashes[0]);
  assert.notEqual(hashes[1], hashes[0]);
  const metrics = await (await fetch(`${address}/metrics`, { headers })).text();
  assert.match(metrics, /^# TYPE pool_completed_total counter\npool_completed_total\{pool="hashing"\} 3$/m);
  assert.match(metrics, /^pool_completed_total\{pool="rendering"\} 1$/m);
  assert.equal((await fetch(`${address}/nothing`, { headers })).status, 404);

  const closed = once(lines, 'line');
  child.kill('SIGTERM');
  assert.deepEqual(await closed, ['closed']);
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
  assert.equal(await errors, '');
});
