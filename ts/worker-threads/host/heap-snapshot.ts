import { Readable } from 'node:stream';

/** A thread gives a stream, a process all bytes of it. */
export function heapSnapshotOf(answer: unknown): Readable {
  return answer instanceof Uint8Array
    ? Readable.from([Buffer.from(answer)], { objectMode: false })
    : (answer as Readable);
}
