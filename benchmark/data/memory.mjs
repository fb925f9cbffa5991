// One scenario with one peer, in a process of its own, for the peaks of memory in host and worker.
import { createPeer } from '../peers/index.mjs';
import { peakOf } from './peak.mjs';
import { scenarios } from './scenarios.mjs';

const { peer: name, scenario, scale } = JSON.parse(process.argv[2]);

const { work, measure } = scenarios.find((each) => each.name === scenario);
const peer = createPeer(name);
await peer.start();
await measure(peer, Math.max(1, Math.round(work * scale)));
// A thread has its memory in this process.
const results = { host: peakOf(), worker: peer.pid === undefined ? undefined : peakOf(peer.pid) };
const pids = peer.pid === undefined ? [] : [peer.pid];
await peer.stop();
process.send({ results, pids });
