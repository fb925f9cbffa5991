// @ts-check
// What the host and its workers both know: procedures with schemas of what goes in, what comes out, and what may fail.
import * as Schema from 'effect/Schema';
import * as Rpc from 'effect/rpc/Rpc';
import * as RpcGroup from 'effect/rpc/RpcGroup';
import * as Transferable from 'effect/workers/Transferable';

export const TooLarge = Schema.Struct({ _tag: Schema.tag('TooLarge'), limit: Schema.Number });

export const Procedures = RpcGroup.make(
  Rpc.make('Factorise', { payload: { value: Schema.Number }, success: Schema.Array(Schema.Number), error: TooLarge }),
  Rpc.make('Primes', { payload: { below: Schema.Number }, success: Schema.Number, stream: true }),
  Rpc.make('Sort', { payload: { bytes: Transferable.Uint8Array }, success: Transferable.Uint8Array }),
  Rpc.make('Spin'),
);
