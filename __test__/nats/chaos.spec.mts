// Faults at random over NATS. `NATS_SEED=<seed>` repeats the choices of a run; `npm run check:nats` goes on for longer.
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';

import { noBroker } from '../fixtures/nats/broker.mjs';
import { chaos } from '../fixtures/nats/chaos.mjs';
import { rounds } from '../fixtures/rounds.mjs';

const { NATS_SEED, NATS_CHAOS_SECONDS, NATS_CHAOS_RESULT } = process.env;
const seed = Number(NATS_SEED ?? Math.floor(Math.random() * 2 ** 31));
const seconds = Number(NATS_CHAOS_SECONDS ?? rounds(5, 20));

const title = 'Each request settles once and nothing is left while workers, serving processes and the broker fail';
test(title, { skip: noBroker, timeout: (seconds + 180) * 1000 }, async (t) => {
  // At once: a run that hangs tells it, too.
  console.error(`NATS_SEED=${seed}`);
  const result = await chaos(seed, seconds * 1000);
  t.diagnostic(JSON.stringify(result));
  if (NATS_CHAOS_RESULT !== undefined) writeFileSync(NATS_CHAOS_RESULT, JSON.stringify({ seed, seconds, ...result }));
});
