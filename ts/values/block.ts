import type { Waited } from '../connection.js';
import { hostBlocked } from '../host-errors.js';
import { type PayloadCodec, Undecodable } from '../payload-codec.js';
import { encodeError } from '../remote-error.js';
import type { PortWire } from './port-wire.js';
import type { Late } from './tickets.js';
import { isRequest, Kind, RECORD, type Tx } from './wire.js';

/** The requests of a connection, as who is blocked for one needs them. */
export interface Blockable {
  readonly codec: PayloadCodec;
  /** Ends a request if this names it; tells whether it does. */
  finish(tx: Tx, slot: number): boolean;
  /** In milliseconds, until something may be late. */
  patience(): number;
  /** In milliseconds, until the worker should have shown that it serves; `Infinity`: it has. */
  startupLeft(): number;
  /** Ends what is late. */
  expire(): readonly Late[];
}

/** Blocks this thread until a request has its outcome. */
export function block(wire: PortWire, requests: Blockable, slot: number): Waited {
  // Node does not tell of a thread's end where it was not asked about the thread before.
  void wire.isGone;
  wire.flush();
  let fatal: unknown;
  let isServing = false;
  const startupLeft = () => (isServing ? Infinity : requests.startupLeft());
  for (;;) {
    const batch = wire.await(Math.min(requests.patience(), startupLeft()));
    if (batch === undefined) {
      if (wire.isGone) return { kind: 'lost', fatal };
      // A thread whose script has failed before it had loaded the library ends without a word.
      if (startupLeft() <= 0) return { kind: 'unready' };
      const late = requests.expire().find((each) => each.slot === slot);
      if (late !== undefined) return { kind: 'late', millis: late.millis };
      continue;
    }
    let waited: Waited | undefined;
    const others: unknown[] = [];
    for (let at = 0; at < batch.length; at += RECORD) {
      const [kind, , tx, payload] = batch.slice(at, at + RECORD) as [Kind, string, Tx, unknown];
      if (kind === Kind.Fatal) fatal = payload;
      if (kind === Kind.Hello) isServing = true;
      // What goes with a request is refused with it.
      if (kind === Kind.Context && isRequest(batch[at + RECORD] as Kind)) continue;
      const isAnswer = kind === Kind.Result || kind === Kind.Error;
      if (isAnswer && requests.finish(tx, slot)) waited = toWaited(kind, requests.codec, payload);
      // Its handler would have to run while the thread is blocked by the one who may be waiting for it.
      else if (isRequest(kind)) wire.send(Kind.Error, batch[at + 1] as string, tx, encodeError(hostBlocked()));
      else others.push(...batch.slice(at, at + RECORD));
    }
    if (others.length > 0) wire.keep(others);
    wire.flush();
    if (waited !== undefined) return waited;
  }
}

function toWaited(kind: Kind, codec: PayloadCodec, payload: unknown): Waited {
  if (kind === Kind.Error) return { kind: 'error', value: payload };
  const value = codec.decode(payload);
  return value instanceof Undecodable ? { kind: 'refused', error: value.error } : { kind: 'result', value };
}
