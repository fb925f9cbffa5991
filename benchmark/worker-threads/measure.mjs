// Measures all peers in turns, in a process of its own; sends run.mjs what it found.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { peers } from './peers.mjs';
import { scenarios } from './scenarios.mjs';

const { rounds, scale } = JSON.parse(process.argv[2]);

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

const names = Object.keys(peers);
const running = new Map(names.map((name) => [name, peers[name].create()]));
const results = Object.fromEntries(names.map((name) => [name, {}]));
for (let round = -1; round < rounds; round++) {
  for (const { name: scenario, count: work, isStart = false, measure } of scenarios) {
    // Each round begins with another peer. The first warms up.
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(turn + round + names.length) % names.length];
      const { create, hasMessages } = peers[name];
      if (!isStart && !hasMessages) continue;
      const count = Math.max(1, Math.round(work * scale));
      const subject = isStart ? create : running.get(name);
      if (!isStart) await measure(subject, Math.ceil(count / 4));
      collectGarbage({ type: 'minor' });
      const figure = await measure(subject, count);
      if (round >= 0) (results[name][scenario] ??= []).push(figure);
    }
  }
  process.stderr.write(round < 0 ? '  warmed up\n' : `  round ${round + 1} of ${rounds}\n`);
}
for (const peer of running.values()) await peer.stop();
process.send({ results, pids: [] });
process.disconnect();
