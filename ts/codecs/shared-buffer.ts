import { invalidOption } from '../errors.js';
import { getNative } from '../native/environment.js';

/** A runtime may have no longer ones. */
const LONGEST = 4_294_967_295;

/** As documented with what is exported. */
export function createSharedBuffer(size: number): Uint8Array {
  if (!Number.isInteger(size) || size < 1 || size > LONGEST) {
    throw invalidOption('size', `an integer from 1 to ${LONGEST}`, size);
  }
  return getNative().environment.createSharedBuffer(size);
}
