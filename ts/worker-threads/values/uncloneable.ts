import { original } from '../originals.js';

let isMarked = false;

/** Whether a value may be marked so: only Node's own clone finds that. */
export function hasUncloneable(): boolean {
  return isMarked;
}

/** `markAsUncloneable` of Node 22.10 and later. */
export function markAsUncloneable(object: unknown): void {
  isMarked = true;
  (original as unknown as { markAsUncloneable?: (object: unknown) => void }).markAsUncloneable?.(object);
}
