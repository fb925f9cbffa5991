// @ts-check
// Serves the procedures.
import * as Effect from 'effect/Effect';
import * as Layer from 'effect/Layer';
import * as RpcServer from 'effect/rpc/RpcServer';
import * as Stream from 'effect/Stream';
import { layer } from 'isolated-workers/effect/runner';
import { Procedures } from './procedures.mjs';

const limit = 2 ** 40;

/** @param {number} value */
function factorsOf(value) {
  const factors = [];
  let rest = value;
  for (let factor = 2; factor * factor <= rest; factor += 1) {
    for (; rest % factor === 0; rest /= factor) factors.push(factor);
  }
  return rest > 1 ? [...factors, rest] : factors;
}

const Handlers = Procedures.toLayer({
  Factorise: ({ value }) =>
    value > limit
      ? Effect.fail({ _tag: /** @type {const} */ ('TooLarge'), limit })
      : Effect.sync(() => factorsOf(value)),
  Primes: ({ below }) => Stream.filter(Stream.range(2, below - 1), (value) => factorsOf(value).length === 1),
  Sort: ({ bytes }) => Effect.sync(() => bytes.toSorted()),
  // Nothing but the end of its process stops it.
  Spin: () =>
    Effect.sync(() => {
      for (;;);
    }),
});

const Main = RpcServer.layer(Procedures).pipe(
  Layer.provide(Handlers),
  Layer.provide(RpcServer.layerProtocolWorkerRunner),
  Layer.provide(layer),
);
Effect.runFork(Layer.launch(Main));
