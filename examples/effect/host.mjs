// @ts-check
// Calls the procedures of one worker process, and then of one that never pauses.
import * as Effect from 'effect/Effect';
import * as Layer from 'effect/Layer';
import * as RpcClient from 'effect/rpc/RpcClient';
import * as Stream from 'effect/Stream';
import { layer } from 'isolated-workers/effect';
import { Procedures } from './procedures.mjs';

const script = new URL('./worker.mjs', import.meta.url);

/** A worker that is terminated where it does not end within 200 ms. */
const Workers = RpcClient.layerProtocolWorker({ size: 1 }).pipe(
  Layer.provide(layer(() => ({ script, logLevel: 'error' }), { closeTimeout: 200 })),
);

const calls = Effect.gen(function* () {
  const client = yield* RpcClient.make(Procedures);
  console.log('1001 =', (yield* client.Factorise({ value: 1001 })).join(' · '));
  const error = yield* Effect.flip(client.Factorise({ value: 2 ** 41 }));
  console.log('2199023255552:', '_tag' in error && error._tag);
  console.log('primes:', (yield* Stream.runCollect(client.Primes({ below: 20 }))).join(' '));

  const bytes = new Uint8Array([3, 1, 2]);
  const sorted = yield* client.Sort({ bytes });
  console.log('sorted:', sorted.join(' '), 'and the unsorted bytes are gone:', bytes.length === 0);
});

const endless = Effect.gen(function* () {
  const client = yield* RpcClient.make(Procedures);
  const outcome = yield* Effect.timeoutOption(client.Spin(), 300);
  console.log('an endless loop:', outcome._tag === 'None' ? 'given up' : 'ended');
});

for (const program of [calls, endless]) {
  await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(Workers)));
}
console.log('both workers are gone');
