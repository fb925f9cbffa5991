// The documented API of what moves with a message, block by block. `Schema.encode` is `Schema.encodeEffect` since Effect 4.0.
import * as Effect from 'effect/Effect';
import * as Schema from 'effect/Schema';
import * as Transferable from 'effect/workers/Transferable';

const Message = Schema.Struct({ id: Schema.Number, payload: Transferable.Uint8Array });

export const encodeWithTransfers = Effect.gen(function* () {
  const collector = yield* Transferable.makeCollector;
  const encoded = yield* Schema.encodeEffect(Message)({ id: 1, payload: new Uint8Array([1, 2, 3]) }).pipe(
    Effect.provideService(Transferable.Collector, collector),
  );
  const transfers = collector.readUnsafe();
  return { encoded, transfers };
});

export const collected = Effect.gen(function* () {
  const collector = yield* Transferable.Collector;
  yield* collector.addAll([new ArrayBuffer(8)]);
  return yield* collector.read;
});

export function collectUnsafe() {
  const collector = Transferable.makeCollectorUnsafe();
  collector.addAllUnsafe([new ArrayBuffer(4)]);
  return { read: [...collector.readUnsafe()], cleared: collector.clearUnsafe(), left: collector.readUnsafe() };
}

export const fresh = Effect.gen(function* () {
  return yield* Transferable.makeCollector;
});

export const added = Transferable.addAll([new ArrayBuffer(16)]);

export const getter = Transferable.getterAddAll((buf: ArrayBuffer) => [buf]);

export const Bytes = Transferable.schema(Schema.Uint8Array, (u8) => [u8.buffer as ArrayBuffer]);
export const typed: Transferable.Transferable<typeof Schema.Uint8Array> = Bytes;

export const encodeBytes = Effect.gen(function* () {
  const collector = yield* Transferable.makeCollector;
  yield* Schema.encodeEffect(Bytes)(new Uint8Array([1, 2])).pipe(
    Effect.provideService(Transferable.Collector, collector),
  );
  return collector.readUnsafe();
});

export const Img = Transferable.ImageData;
export const Port = Transferable.MessagePort;
export const WholeBytes = Transferable.Uint8Array;
