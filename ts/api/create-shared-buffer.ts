import { clone } from '../codecs/load-clone.js';
import type { SharedBuffer } from '../types/shared-buffer.js';

/**
 * Creates memory that several processes share. Between sides that both set `sharedMemory: true`, a payload or result of
 * a connection with the serializer `'structured'` passes it without a copy: the other side receives a `SharedBuffer` of
 * this memory, and may pass it on. A side without the option sends a `Buffer` with a copy, and warns once. A process
 * unmaps the memory when it no longer refers to it.
 *
 * Two processes may write at one time. Order their writes with messages, or with `Atomics` on `buffer`, if that is a
 * `SharedArrayBuffer`. A `SharedBuffer` travels to processes; to a thread, send its `buffer`.
 *
 * @param size - Bytes: 1 to 2,147,483,647, and at most `maxMessageSize` to be sent. The memory is zero; each page takes
 *   memory on first use.
 * @throws `ERR_INVALID_OPTION` for another size; `ERR_SYSTEM` if the system refuses it, for example without file
 *   descriptors; `ERR_UNSUPPORTED_PLATFORM` if processes cannot share memory this way: today everywhere except Linux.
 */
export function createSharedBuffer(size: number): SharedBuffer {
  return clone().createSharedBuffer(size);
}
