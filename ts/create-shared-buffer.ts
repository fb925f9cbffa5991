import { structuredPart } from './parts.js';

/**
 * Memory that several processes see at once: sent in a payload or a result of a connection with the serializer
 * `'structured'`, it is not copied; the other side gets a view of the same memory, and may pass it on. A part of it
 * (`subarray`) goes the same way. It is unmapped in each process when nothing refers to it any more there.
 *
 * Nothing keeps two processes from writing at the same time: use `Atomics` on an `Int32Array` or `BigInt64Array` of it, or
 * messages that say whose turn it is. It cannot be moved to a thread (`transfer`); threads have `SharedArrayBuffer`.
 *
 * @param size - Bytes: 1 to 4,294,967,295. All of them are zero; each page takes memory when it is touched first.
 * @returns A view of the whole memory.
 * @throws `ERR_INVALID_OPTION` for another size; `ERR_SYSTEM` where the system refuses it, as without file descriptors; `ERR_UNSUPPORTED_PLATFORM`
 *   where processes cannot share memory so: today everywhere but on Linux.
 */
export function createSharedBuffer(size: number): Uint8Array {
  return structuredPart().createSharedBuffer(size);
}
