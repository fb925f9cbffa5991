// A custom driver ends its worker in cases that the conformance suite cannot test.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createWorker } from 'isolated-workers';

import { fixture } from '../../fixtures/support.mjs';
import { slowDriver } from '../../fixtures/slow-driver.mjs';

test('A worker that closes its server ends when its driver has sent the last answer', async () => {
  const worker = await createWorker({ script: fixture('closes-itself.mjs'), driver: slowDriver });
  assert.equal(await worker.send('goodbye', 'host'), 'goodbye, host');
  await worker.close();
});
