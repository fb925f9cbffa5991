// Measures the peers in turns, in a process of its own that run.mjs may pin to one CPU; sends it what it found.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createPeer } from '../peers/index.mjs';
import { peerNames } from './peers.mjs';
import { scenarios } from './scenarios.mjs';

const { parts, rounds, scale } = JSON.parse(process.argv[2]);

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

const chosen = scenarios.filter(({ name }) => parts.includes(name));
const peers = peerNames.map(createPeer);
for (const peer of peers) await peer.start();

const results = Object.fromEntries(peers.map(({ name }) => [name, {}]));
// The first round is for the compilers.
for (let round = 0; round <= rounds; round++) {
  // Every round starts with another peer, so that none always runs after the same one.
  const order = peers.map((_, index) => peers[(index + round) % peers.length]);
  for (const { name, work, measure } of chosen) {
    for (const peer of order) {
      const count = Math.max(1, Math.round(work * scale));
      // A lead-in that is not timed, so that it does not pay for the peer before it.
      await measure(peer, Math.ceil(count / 4));
      collectGarbage({ type: 'minor' });
      const figure = await measure(peer, count);
      if (round > 0) (results[peer.name][name] ??= []).push(figure);
    }
  }
  if (round > 0) process.stderr.write(`  round ${round} of ${rounds}\n`);
}
const pids = peers.map(({ pid }) => pid).filter((pid) => pid !== undefined);
for (const peer of peers) await peer.stop();
process.send({ results, pids });
