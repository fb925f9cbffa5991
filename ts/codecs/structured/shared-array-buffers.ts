// `SharedArrayBuffer`s whose memory other processes can map, for `isolated-workers/register`.
import { nativeLater } from '../../addon/native-later.js';
import { createSharedBuffer, SharedBuffer } from './shared-buffer.js';

const known = new WeakMap<SharedArrayBuffer, SharedBuffer | null>();

/** Memory that other processes can map; `null`: this runtime makes no `SharedArrayBuffer` of such. */
export function newSharedArrayBuffer(size: number): SharedArrayBuffer | null {
  return showShared(createSharedBuffer(size));
}

/** The `SharedArrayBuffer` of a shared buffer. */
export function showShared(buffer: SharedBuffer): SharedArrayBuffer | null {
  const memory = SharedBuffer.shown(buffer);
  if (memory !== null) known.set(memory, buffer);
  return memory;
}

/** The shared buffer of such a `SharedArrayBuffer`, or of a clone of one; `null`: its memory is that of one process. */
export function findShared(memory: SharedArrayBuffer): SharedBuffer | null {
  let found = known.get(memory);
  if (found === undefined) {
    const behind = nativeLater().addon.NativeSharedMemory.behind(new Uint8Array(memory));
    found = behind === null ? null : new SharedBuffer(behind);
    known.set(memory, found);
  }
  return found;
}

/** Lets what was sent leave, and what has arrived wait here, while this thread is blocked. */
export function keepMoving(): void {
  nativeLater().environment.keepMoving();
}
