import { EVENT_HEAD as HEAD, type Event } from './generated.js';

/** Calls back for each event of a batch. */
export function eachEvent(batch: Buffer, act: (event: Event, bytes: Buffer) => void): void {
  for (let at = 0; at < batch.length;) {
    const end = at + HEAD + batch.readUInt32LE(at + 1);
    act(batch[at] as Event, batch.subarray(at + HEAD, end));
    at = end;
  }
}

/** One event, as in a batch. */
export function eventOf(event: Event, bytes: Uint8Array): Buffer {
  const whole = Buffer.alloc(HEAD + bytes.length);
  whole[0] = event;
  whole.writeUInt32LE(bytes.length, 1);
  whole.set(bytes, HEAD);
  return whole;
}
