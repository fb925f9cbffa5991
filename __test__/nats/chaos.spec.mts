// Faults at random over NATS. `NATS_SEED=<seed>` repeats the choices of a run; `npm run check:nats` goes on for longer.
import { test } from 'node:test';

import { noBroker } from '../fixtures/nats/broker.mjs';
import { chaos } from '../fixtures/nats/chaos.mjs';
import { rounds } from '../fixtures/rounds.mjs';

const seed = Number(process.env['NATS_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const title = 'Each request settles once and nothing is left while workers, serving processes and the broker fail';

test(title, { skip: noBroker }, async (t) => {
  // At once: a run that hangs tells it, too.
  console.error(`NATS_SEED=${seed}`);
  t.diagnostic(JSON.stringify(await chaos(seed, rounds(5, 20) * 1000)));
});
