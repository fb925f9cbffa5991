// What each worker of this benchmark serves.
import * as Effect from 'effect/Effect';
import * as Layer from 'effect/Layer';
import * as Schema from 'effect/Schema';
import * as Rpc from 'effect/rpc/Rpc';
import * as RpcGroup from 'effect/rpc/RpcGroup';
import * as RpcServer from 'effect/rpc/RpcServer';

const Payload = Schema.Struct({ data: Schema.String });

export const Procedures = RpcGroup.make(Rpc.make('Echo', { payload: Payload, success: Payload }));

/** Serves them over a runner. */
export function serveOver(runner) {
  const Handlers = Procedures.toLayer({ Echo: (payload) => Effect.succeed(payload) });
  const Main = RpcServer.layer(Procedures).pipe(
    Layer.provide(Handlers),
    Layer.provide(RpcServer.layerProtocolWorkerRunner),
    Layer.provide(runner),
  );
  Effect.runFork(Layer.launch(Main));
}
