import type { Waited } from '../connection/connection.js';
import { fromNative } from '../errors/from-native.js';
import { type Encoded, parseText, type PayloadCodec, Undecodable } from '../codecs/payload-codec.js';
import type { NativeConnection } from '../addon/binding.js';
import { getNative } from '../addon/environment.js';
import { queueMicrotask } from '../util/primordials.js';
import { WaitOutcome } from '../protocol/generated.js';

/** Blocks this thread until a request has its outcome. */
export function block(connection: NativeConnection, codec: PayloadCodec, slot: number): Waited {
  const { records } = getNative();
  const payload = connection.waitFor(slot);
  const [outcome, millis, isMore] = [records[1] as WaitOutcome, records[2] as number, records[3] !== 0];
  // Not before this tick has ended: otherwise other recipients would be called in its middle.
  if (isMore) void queueMicrotask(() => connection.takeTurn());
  return toWaited(codec, outcome, payload, millis);
}

function toWaited(codec: PayloadCodec, outcome: WaitOutcome, given: unknown, millis: number): Waited {
  const payload = given as Encoded;
  switch (outcome) {
    case WaitOutcome.Result: {
      const value = codec.decode(payload);
      return Undecodable.is(value) ? { kind: 'refused', error: value.error } : { kind: 'result', value };
    }
    case WaitOutcome.RemoteError:
      return { kind: 'error', value: readJson(payload) };
    case WaitOutcome.TimedOut:
      return { kind: 'late', millis };
    case WaitOutcome.Refused:
      return { kind: 'refused', error: fromNative(given) };
    case WaitOutcome.Lost:
      return { kind: 'lost', fatal: readJson(payload) };
  }
}

/** A peer may send anything. */
export function readJson(payload: Encoded): unknown {
  try {
    return payload === undefined ? undefined : parseText(payload);
  } catch {
    return undefined;
  }
}
