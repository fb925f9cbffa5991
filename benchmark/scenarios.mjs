// What is measured, each as a function from a peer to one number. `work` is how much of it one round does.
import { createPeer } from './peers/index.mjs';

const text = 'x'.repeat(100);
const large = 'x'.repeat(2 ** 20);

export const scenarios = [
  { name: 'latency', title: 'latency, 1 in flight', unit: 'µs', better: 'lower', work: 5_000, measure: latency },
  { name: 'throughput-64', title: '64 in flight', unit: 'per s', better: 'higher', work: 20_000, measure: flight(64) },
  {
    name: 'throughput-1024',
    title: '1,024 in flight',
    unit: 'per s',
    better: 'higher',
    work: 20_000,
    measure: flight(1024),
  },
  { name: 'large', title: '1 MiB string', unit: 'µs', better: 'lower', work: 10, measure: largeString },
  { name: 'start-up', title: 'spawn to first reply', unit: 'ms', better: 'lower', work: 5, measure: startUp },
];

/** Microseconds per round trip, one at a time. */
async function latency(peer, count) {
  const started = performance.now();
  for (let i = 0; i < count; i++) await echoSmall(peer);
  return ((performance.now() - started) * 1000) / count;
}

/** Round trips per second with `width` requests always in flight. */
function flight(width) {
  return async (peer, count) => {
    let left = Math.max(count, width);
    const total = left;
    async function lane() {
      while (left-- > 0) await echoSmall(peer);
    }
    const started = performance.now();
    await Promise.all(Array.from({ length: width }, lane));
    return (total * 1000) / (performance.now() - started);
  };
}

/** Microseconds per round trip of a string of 1 MiB, one at a time. */
async function largeString(peer, count) {
  const started = performance.now();
  for (let i = 0; i < count; i++) {
    const reply = await peer.echo(large);
    if (reply.length !== large.length) throw new Error(`${peer.name} did not echo the large string`);
  }
  return ((performance.now() - started) * 1000) / count;
}

/** Milliseconds from the spawn of a new worker to its first reply. */
async function startUp(peer, count) {
  let total = 0;
  for (let i = 0; i < count; i++) {
    const fresh = createPeer(peer.name);
    const started = performance.now();
    await fresh.start();
    await echoSmall(fresh);
    total += performance.now() - started;
    await fresh.stop();
  }
  return total / count;
}

async function echoSmall(peer) {
  // A fresh object each time: nothing may be gained from seeing the same one again.
  const reply = await peer.echo({ data: text });
  if (reply.data !== text) throw new Error(`${peer.name} did not echo its payload`);
}
