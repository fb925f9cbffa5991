// Measures all peers in turns, in a process of its own; sends run.mjs what it found.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as Context from 'effect/Context';
import * as Effect from 'effect/Effect';
import * as Layer from 'effect/Layer';
import * as ManagedRuntime from 'effect/ManagedRuntime';
import * as RpcClient from 'effect/rpc/RpcClient';
import { peers } from './peers.mjs';
import { Procedures } from './procedures.mjs';
import { scenarios } from './scenarios.mjs';

const { rounds, scale } = JSON.parse(process.argv[2]);
const Client = Context.Service('Client');

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

/** A pool of one worker, which takes as many calls at once as there are. */
function runtimeOf(workers) {
  const Protocol = RpcClient.layerProtocolWorker({ size: 1, concurrency: 1024 }).pipe(Layer.provide(workers));
  return ManagedRuntime.make(Layer.effect(Client)(RpcClient.make(Procedures)).pipe(Layer.provide(Protocol)));
}

const runtimes = Object.entries(peers).map(([name, workers]) => [name, runtimeOf(workers)]);
const results = Object.fromEntries(runtimes.map(([name]) => [name, {}]));
for (let round = -1; round < rounds; round++) {
  // Each round begins with another peer. The first warms up.
  const turn = runtimes.map((_, at) => runtimes[(at + round + runtimes.length) % runtimes.length]);
  for (const [name, runtime] of turn) {
    for (const scenario of scenarios) {
      const count = Math.max(64, Math.round(scenario.calls * scale));
      const echoes = (calls) =>
        runtime.runPromise(
          Effect.flatMap(Client, (client) =>
            Effect.forEach(payloads(calls), (payload) => client.Echo(payload), scenario),
          ),
        );
      await echoes(Math.ceil(count / 4));
      collectGarbage({ type: 'minor' });
      const begun = performance.now();
      await echoes(count);
      const millis = performance.now() - begun;
      if (round >= 0) (results[name][scenario.name] ??= []).push(scenario.figure(millis, count));
    }
  }
  process.stderr.write(round < 0 ? '  warmed up\n' : `  round ${round + 1} of ${rounds}\n`);
}
for (const [, runtime] of runtimes) await runtime.dispose();
process.send({ results, pids: [] });
process.disconnect();

function payloads(count) {
  return Array.from({ length: count }, (_, at) => ({ data: String(at).padEnd(100, '.') }));
}
