// Measures all peers in turns, in a process of its own; sends run.mjs what it found.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startBroker } from './broker.mjs';
import { startPeers } from './peers.mjs';
import { scenarios } from './scenarios.mjs';

const { rounds, scale } = JSON.parse(process.argv[2]);

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

const { server, url } = await startBroker();
const { peers, stop } = await startPeers(url);
const all = Object.entries(peers);
const results = Object.fromEntries(all.map(([name]) => [name, {}]));
for (let round = -1; round < rounds; round++) {
  // Each round begins with another peer. The first warms up.
  const turn = all.map((_, at) => all[(at + round + all.length) % all.length]);
  for (const [name, echo] of turn) {
    for (const { name: scenario, inFlight, requests, figure } of scenarios) {
      const count = Math.max(64, Math.round(requests * scale));
      await sendAll(echo, inFlight, Math.ceil(count / 4));
      collectGarbage({ type: 'minor' });
      const begun = performance.now();
      await sendAll(echo, inFlight, count);
      const millis = performance.now() - begun;
      if (round >= 0) (results[name][scenario] ??= []).push(figure(millis, count));
    }
  }
  process.stderr.write(round < 0 ? '  warmed up\n' : `  round ${round + 1} of ${rounds}\n`);
}
await stop();
server.kill();
process.send({ results, pids: [] });
process.disconnect();

async function sendAll(echo, inFlight, count) {
  let left = count;
  const sender = async () => {
    while (left-- > 0) {
      const data = String(left).padEnd(100, '.');
      const answer = await echo({ data });
      if (answer.data !== data) throw new Error('an answer belongs to another request');
    }
  };
  await Promise.all(Array.from({ length: inFlight }, sender));
}
