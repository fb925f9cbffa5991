// The example of workers over NATS, as a user runs it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { Broker, noBroker } from '../fixtures/nats/broker.mjs';

test('examples/cluster answers each request, although a serving process is killed', { skip: noBroker }, async (t) => {
  const broker = await Broker.of(t);
  const host = fileURLToPath(new URL('../../examples/cluster/host.mjs', import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [host, broker.url]);
  assert.deepEqual(stdout.split('\n'), [
    '3 serving processes offer 6 workers',
    'after 20 answers, one serving process was killed',
    '60 of 60 requests were answered, by workers of 3 serving processes',
    'there are 92938 primes below 1200000',
    '',
  ]);
  assert.equal(stderr, '');
});
