import { preparePayload } from '../../index.js';
import type { Frame } from '../frames.js';

/** Frames that wait for the start of their process, encoded as they were when they were sent. */
export class Early {
  private frames: unknown[] = [];

  /** @throws `ERR_NOT_SERIALIZABLE`. */
  keep(frame: Frame): void {
    this.frames.push(preparePayload(frame));
  }

  release(post: (frame: unknown) => void): void {
    const { frames } = this;
    this.frames = [];
    for (const frame of frames) post(frame);
  }
}
