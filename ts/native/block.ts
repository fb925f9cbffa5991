import type { Waited } from '../connection.js';
import { fromNative } from '../errors.js';
import { type Encoded, parseText, type PayloadCodec, Undecodable } from '../payload-codec.js';
import type { NativeConnection } from './binding.js';
import { getNative } from './environment.js';

/** As the addon numbers them. */
const enum Outcome {
  Result = 1,
  RemoteError = 2,
  TimedOut = 3,
  Refused = 4,
  Lost = 5,
}

/** Blocks this thread until a request has its outcome. */
export function block(connection: NativeConnection, codec: PayloadCodec, slot: number): Waited {
  const { records } = getNative();
  const payload = connection.waitFor(slot) as Encoded;
  const [outcome, millis, isMore] = [records[1] as Outcome, records[2] as number, records[3] !== 0];
  // Not before this tick has come to its end: then others would be told in the middle of it.
  if (isMore) queueMicrotask(() => connection.drain());
  return toWaited(codec, outcome, payload, millis);
}

function toWaited(codec: PayloadCodec, outcome: Outcome, payload: Encoded, millis: number): Waited {
  switch (outcome) {
    case Outcome.Result: {
      const value = codec.decode(payload);
      return value instanceof Undecodable ? { kind: 'refused', error: value.error } : { kind: 'result', value };
    }
    case Outcome.RemoteError:
      return { kind: 'error', value: readJson(payload) };
    case Outcome.TimedOut:
      return { kind: 'late', millis };
    case Outcome.Refused:
      return { kind: 'refused', error: fromNative(payload) };
    case Outcome.Lost:
      return { kind: 'lost', fatal: readJson(payload) };
  }
}

/** A peer may say anything. */
export function readJson(payload: Encoded): unknown {
  try {
    return payload === undefined ? undefined : parseText(payload);
  } catch {
    return undefined;
  }
}
