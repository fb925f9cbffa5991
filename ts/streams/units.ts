/** How many units each direction of a stream begins with. */
export const WINDOW = 64;
/** A reader grants what it has consumed in portions of at least this many units. */
export const PORTION = WINDOW / 4;

const UNIT_BYTES = 16_384;

/** What a chunk costs whose encoded payload has so many bytes. */
export function unitsOf(bytes: number): number {
  return 1 + Math.floor(bytes / UNIT_BYTES);
}

/** The same of a payload that travels as a value: only text and memory count. */
export function unitsOfValue(payload: unknown): number {
  if (typeof payload === 'string') return unitsOf(payload.length);
  return payload instanceof ArrayBuffer || ArrayBuffer.isView(payload) ? unitsOf(payload.byteLength) : 1;
}

/** Whether a peer may grant that. */
export function isUnits(payload: unknown): payload is number {
  return Number.isSafeInteger(payload) && (payload as number) >= 0;
}
