// @ts-check
// A serving process: on a machine of its own it would have as many workers as that has processors.
import { serve } from 'isolated-workers/drivers/nats';

const [servers = 'nats://127.0.0.1:4222'] = process.argv.slice(2);
const serving = await serve({
  script: new URL('./worker.mjs', import.meta.url),
  name: 'primes',
  servers,
  workers: 2,
  heartbeat: { interval: 200, timeout: 1000 },
});
console.log(JSON.stringify(serving.pids));
process.once('SIGTERM', () => void serving.close());
