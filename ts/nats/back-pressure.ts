import { type DriverMessage, WorkerError } from '../index.js';

/** How many bytes may wait to leave this side before it refuses messages that a program can send again. */
export const MOST_WAITING = 64 * 1024 * 1024;

/** The kinds of messages that are refused alone. All others belong to requests, which are lost without them. */
const kinds = new Set([undefined, 'request', 'notification', 'stream', 'upload', 'duplex', 'progress']);

export function canWait(message: DriverMessage): boolean {
  return kinds.has(message.kind);
}

/** @param reader - Who takes the messages of this side. */
export function backPressure(type: string, reader: string, waiting: number): WorkerError {
  return new WorkerError(
    'ERR_BACKPRESSURE',
    `cannot send "${type}": ${reader} takes messages more slowly than this side sends them: ${waiting} bytes wait, and at most ` +
      `${MOST_WAITING} may. Await answers between messages.`,
  );
}
