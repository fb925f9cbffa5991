// Measures the peers in turns, in a process of its own that run.mjs may pin to one CPU; sends it what it found.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createPeer, peerNames } from './peers/index.mjs';
import { scenarios } from './scenarios.mjs';

// Generous for the slowest peer on a slow machine: what takes longer has lost a reply.
const patience = 60_000;

const { peers: names, rounds, scale } = JSON.parse(process.argv[2]);

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

const peers = peerNames.filter((name) => names.includes(name)).map(createPeer);
for (const peer of peers) await peer.start();
for (const peer of peers) await within(warmUp(peer), `${peer.name}: warm-up`);

const results = Object.fromEntries(peers.map(({ name }) => [name, emptyResults()]));
for (let round = 0; round < rounds; round++) {
  // Every round starts with another peer, so that none always runs after the same one.
  const order = peers.map((_, index) => peers[(index + round) % peers.length]);
  for (const { name, work, measure } of scenarios) {
    for (const peer of order) {
      results[peer.name][name].push(await within(turn(peer, { name, work, measure }), `${peer.name}: ${name}`));
    }
  }
  process.stderr.write(`  round ${round + 1} of ${rounds}\n`);
}

const pids = peers.map(({ pid }) => pid).filter((pid) => pid !== undefined);
for (const peer of peers) await within(peer.stop(), `${peer.name}: stop`);
// Nothing ends this process: it must end by itself, which run.mjs watches.
process.send({ results, pids });

/** One peer's turn at one scenario: a lead-in that is not timed, so that it does not pay for the peer before it. */
async function turn(peer, { name, work, measure }) {
  const count = Math.max(1, Math.round(work * scale));
  if (name !== 'start-up') await measure(peer, Math.ceil(count / 4));
  // Young garbage only: after a full collection V8 has to learn the types again, and every peer would look slow.
  collectGarbage({ type: 'minor' });
  return measure(peer, count);
}

/** Enough of everything for the compilers on both sides to have seen it. */
async function warmUp(peer) {
  for (const { name, work, measure } of scenarios) {
    if (name !== 'start-up') await measure(peer, Math.max(2, work / 4));
  }
}

function emptyResults() {
  return Object.fromEntries(scenarios.map(({ name }) => [name, []]));
}

async function within(promise, what) {
  const { promise: tooLate, reject } = withResolvers();
  const timer = setTimeout(() => reject(new Error(`${what} took more than ${patience / 1000} s`)), patience);
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

/** Promise.withResolvers, which Node 20 lacks. */
function withResolvers() {
  let reject;
  const promise = new Promise((_, fail) => {
    reject = fail;
  });
  return { promise, reject };
}
