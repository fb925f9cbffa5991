// The example of Effect workers, as a user runs it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

test('examples/effect prints the answers of its worker, and ends without it', async () => {
  const host = fileURLToPath(new URL('../../examples/effect/host.mjs', import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [host]);
  assert.deepEqual(stdout.split('\n'), [
    '1001 = 7 · 11 · 13',
    '2199023255552: TooLarge',
    'primes: 2 3 5 7 11 13 17 19',
    'sorted: 1 2 3 and the unsorted bytes are gone: true',
    'an endless loop: given up',
    'both workers are gone',
    '',
  ]);
  assert.equal(stderr, '');
});
