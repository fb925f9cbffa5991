import type { LimitName } from './options.js';

/** The events of an isolate, as the addon numbers them. */
export const enum Event {
  Message = 0,
  Output = 1,
  ErrorOutput = 2,
  Load = 3,
  Ended = 4,
  Resolve = 5,
  /** A message with shared memories, which the addon gives. */
  SharedMessage = 6,
  /** A word of the next shared memory, by its offset, and how many of those who wait for it are still to be woken. */
  Notified = 7,
}

/** The first byte of `Event.Ended`. */
export const enum Ended {
  Exit = 0,
  Failed = 1,
  Limit = 2,
  Killed = 3,
  Panicked = 4,
}

/** The limits by which an isolate ends, as the addon numbers them. */
export const limitNames: readonly LimitName[] = [
  'memoryMb',
  'stackKb',
  'cpuMsPerMessage',
  'cpuMs',
  'wallMs',
  'maxQueuedBytes',
];

/** Before each event: its number, and the length of its bytes. */
const HEAD = 5;

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
