// Runs the conformance suite on workers that are served over a real NATS server.
import { after, before, describe, test } from 'node:test';

import { conformanceCases } from 'isolated-workers/conformance';
import { NatsDriver, serve, type Serving } from 'isolated-workers/drivers/nats';

import { noBroker, suiteBroker } from '../fixtures/nats/broker.mjs';
import { fixture } from '../fixtures/support.mjs';

describe('NatsDriver:', { concurrency: 2, skip: noBroker }, () => {
  const broker = suiteBroker();
  let serving: Serving;
  before(async () => {
    const script = fixture('nats/conformance.mjs');
    serving = await serve({ script, name: 'conformance', servers: broker.url, workers: 6 });
  });
  after(() => serving.close());

  const late = {
    name: 'nats',
    capabilities: { reconnect: false, detach: false, sharedMemory: false },
    /** The broker's port is known when the tests run. */
    spawn: (script: string, options: object) =>
      new NatsDriver({ servers: broker.url, waitForWorker: 10_000 }).spawn(script, options),
  } as const;
  for (const { name, run } of conformanceCases({ driver: late, script: 'conformance' })) test(name, run);
});
