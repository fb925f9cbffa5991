import { Writable } from 'node:stream';

import type { Frame } from '../frames.js';

/** The number of a standard stream. */
type Descriptor = 1 | 2;
type Done = (error?: Error | null) => void;

/**
 * A standard stream of a worker, as a thread has it: what is written at once arrives as one chunk, however much the worker writes before its
 * host reads. Through a pipe it may arrive together with the next.
 */
class Output extends Writable {
  constructor(
    private readonly descriptor: Descriptor,
    private readonly post: (frame: Frame) => void,
  ) {
    super({ decodeStrings: false });
  }

  override _write(chunk: Buffer | string, encoding: BufferEncoding, done: Done): void {
    const isText = typeof chunk === 'string' && (encoding === 'utf8' || encoding === 'utf-8');
    const data = typeof chunk === 'string' && !isText ? Buffer.from(chunk, encoding) : chunk;
    try {
      this.post({ kind: 'output', descriptor: this.descriptor, data });
    } catch {
      // The connection has ended, and this process is about to.
    }
    done();
  }
}

/**
 * Replaces the standard streams of this process. What writes to its descriptors without them goes through pipes: native code, and
 * processes that inherit them.
 *
 * @param post - Sends a frame at once: this process may be about to compute, or to end.
 */
export function replaceOutput(post: (frame: Frame) => void): void {
  for (const [name, descriptor] of [
    ['stdout', 1],
    ['stderr', 2],
  ] as const) {
    const output = new Output(descriptor, post);
    Object.defineProperty(process, name, { get: () => output, configurable: true, enumerable: true });
  }
}
