import { preparePayload } from '../../index.js';
import type { Frame } from '../frames.js';
import { structuredClone } from '../originals.js';

/** Bun lacks what encodes a value before its connection is there. */
const canPrepare = process.versions['bun'] === undefined;

/** Frames that wait for the start of their process, as they were when they were sent. */
export class Early {
  private frames: unknown[] = [];

  /** @throws `ERR_NOT_SERIALIZABLE`, or a `DataCloneError`. */
  keep(frame: Frame): void {
    // What has memory to share was copied before, by the clone that has found it.
    const isCopy = 'body' in frame ? frame.body.memories !== undefined : 'data' in frame;
    this.frames.push(canPrepare ? preparePayload(frame) : isCopy ? frame : structuredClone(frame));
  }

  get isEmpty(): boolean {
    return this.frames.length === 0;
  }

  release(post: (frame: unknown) => void): void {
    const { frames } = this;
    this.frames = [];
    for (const frame of frames) post(frame);
  }
}
