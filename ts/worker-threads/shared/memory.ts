import { warnOnce } from '../host/warnings.js';
import { clone } from './core.js';

const Native = globalThis.SharedArrayBuffer as SharedArrayBufferConstructor | undefined;
/** The largest memory that processes share, in bytes. */
const LARGEST = 2_147_483_647;

let canShare: boolean | undefined;

/** Whether this runtime and this system can make a `SharedArrayBuffer` that processes share. */
export function canShareMemory(): boolean {
  return (canShare ??= Native !== undefined && tryToMake());
}

function tryToMake(): boolean {
  try {
    return clone().newSharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT) !== null;
  } catch {
    return false;
  }
}

/** Whether a `SharedArrayBuffer` can go to another process; one without bytes has nothing to share. */
export function canTravel(memory: SharedArrayBuffer): boolean {
  return canShareMemory() && !canGrow(memory) && (memory.byteLength === 0 || clone().findShared(memory) !== null);
}

function canGrow(memory: SharedArrayBuffer): boolean {
  return (memory as { growable?: boolean }).growable === true;
}

/**
 * `SharedArrayBuffer`, whose memory other processes can map. Memory that can grow, and memory of more than 2 GiB, is that of one
 * process, as the runtime makes it.
 */
export const SharedArrayBuffer: SharedArrayBufferConstructor =
  Native === undefined ? (undefined as never) : new Proxy(Native, { construct });

function construct(target: SharedArrayBufferConstructor, given: unknown[], newTarget: { prototype: unknown }): object {
  // As the runtime does, once; what is no size, it refuses.
  const size = Math.trunc(+(given[0] as number));
  const memory = isFixed(given[1]) && size >= 1 && size <= LARGEST ? make(size) : undefined;
  if (memory === undefined)
    return Reflect.construct(target, [size || 0, ...given.slice(1)], newTarget as never) as object;
  const { prototype } = newTarget;
  const isOwn = typeof prototype === 'object' && prototype !== null && prototype !== target.prototype;
  return isOwn ? (Object.setPrototypeOf(memory, prototype) as object) : memory;
}

function isFixed(options: unknown): boolean {
  const isObject = typeof options === 'object' && options !== null;
  return !isObject || (options as { maxByteLength?: unknown }).maxByteLength === undefined;
}

function make(size: number): SharedArrayBuffer | undefined {
  if (!canShareMemory()) return undefined;
  try {
    return clone().newSharedArrayBuffer(size) ?? undefined;
  } catch (error) {
    const text = `a SharedArrayBuffer of ${size} bytes cannot go to other processes: ${(error as Error).message}`;
    warnOnce('ISOLATED_WORKERS_MEMORY_OF_ONE_PROCESS', '', text);
    return undefined;
  }
}
