import type { Waited } from '../../connection/connection.js';
import { hostBlocked, syncOverflow } from '../../errors/host-errors.js';
import { type PayloadCodec, Undecodable } from '../../codecs/payload-codec.js';
import { encodeError } from '../../errors/encode-remote-error.js';
import type { PortWire } from '../wires/port-wire.js';
import type { Late } from '../tickets.js';
import { isRequest, RECORD, type Tx } from '../wires/wire.js';
import { now } from '../../util/primordials.js';
import { Kind } from '../../protocol/generated.js';

/** The requests of a connection, for a thread that blocks for one. */
export interface Blockable {
  readonly codec: PayloadCodec;
  /** Ends a request if this identifies it; returns whether it does. */
  finish(tx: Tx, slot: number): boolean;
  /** In milliseconds, until the next deadline. */
  patience(): number;
  /** In milliseconds, until the worker should serve; `Infinity`: it does. */
  startupLeft(): number;
  /** Ends due requests. */
  expire(): readonly Late[];
  /** This side no longer waits for the request. */
  abandon(slot: number): void;
}

/** The most bytes of other messages meanwhile. */
const MOST_KEPT = 64 * 1024 * 1024;
/** How long messages that had arrived before a deadline are read after it, in milliseconds. */
const AHEAD = 10;
const RECORD_SIZE = 128;
const VALUE_SIZE = 16;

/** Blocks this thread until a request has its outcome. */
export function block(wire: PortWire, requests: Blockable, slot: number): Waited {
  // Node does not report a thread's end unless a listener existed before.
  void wire.isGone;
  wire.flush();
  let fatal: unknown;
  let isServing = false;
  const startupLeft = () => (isServing ? Infinity : requests.startupLeft());
  const earlier = wire.takeKept();
  let kept = 0;
  let lateSince: number | undefined;
  for (;;) {
    const left = Math.min(requests.patience(), startupLeft());
    lateSince = left > 0 ? undefined : (lateSince ?? now());
    const isOver = lateSince !== undefined && now() - lateSince >= AHEAD;
    const batch = earlier.shift() ?? (isOver ? undefined : wire.await(left));
    if (batch === undefined) {
      if (wire.isGone) return { kind: 'lost', fatal };
      // A thread whose script fails before it has loaded the library ends without a message.
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
      if (kind === Kind.Handshake) isServing = true;
      // The context of a request is refused with it.
      if (kind === Kind.Context && isRequest(batch[at + RECORD] as Kind)) continue;
      const isAnswer = kind === Kind.Result || kind === Kind.Error;
      if (isAnswer && requests.finish(tx, slot)) waited = toWaited(kind, requests.codec, payload);
      // Its handler would have to run while its requester may be the one that blocks this thread.
      else if (isRequest(kind)) wire.send(Kind.Error, batch[at + 1] as string, tx, encodeError(hostBlocked()));
      else {
        others.push(...batch.slice(at, at + RECORD));
        kept += weigh(payload);
      }
    }
    if (others.length > 0) wire.keep(others);
    wire.flush();
    if (waited === undefined && kept > MOST_KEPT) {
      requests.abandon(slot);
      waited = { kind: 'refused', error: syncOverflow(MOST_KEPT) };
    }
    if (waited === undefined) continue;
    for (const rest of earlier) wire.keep(rest);
    return waited;
  }
}

/** The approximate bytes of a record with this payload: nested values do not count. */
function weigh(payload: unknown): number {
  let size = RECORD_SIZE + sizeOf(payload);
  if (typeof payload === 'object' && payload !== null && !ArrayBuffer.isView(payload)) {
    for (const value of Object.values(payload)) size += VALUE_SIZE + sizeOf(value);
  }
  return size;
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  return value instanceof ArrayBuffer || ArrayBuffer.isView(value) ? value.byteLength : 0;
}

function toWaited(kind: Kind, codec: PayloadCodec, payload: unknown): Waited {
  if (kind === Kind.Error) return { kind: 'error', value: payload };
  const value = codec.decode(payload);
  return Undecodable.is(value) ? { kind: 'refused', error: value.error } : { kind: 'result', value };
}
