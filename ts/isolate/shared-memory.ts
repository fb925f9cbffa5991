// Memory that this process and its isolates share.
import { types } from 'node:util';

/** The engine of isolates has no longer buffers. */
const LONGEST = 2 ** 31 - 1;

const { notify } = Atomics;
const { SharedArrayBuffer: Shared, Uint8Array: Bytes, Int32Array: Words } = globalThis;
const isGrowable = Object.getOwnPropertyDescriptor(Shared.prototype, 'growable')?.get;

/** A view of all of a memory: by it the addon finds the memory. */
export function bytesOf(memory: SharedArrayBuffer): Uint8Array {
  return new Bytes(memory);
}

export function isSharedView(view: ArrayBufferView): boolean {
  return types.isSharedArrayBuffer(view.buffer);
}

/** Refuses memory that an isolate cannot have. */
export function checkMemory(memory: SharedArrayBuffer, shares: boolean): void {
  if (!shares) {
    throw new TypeError(
      'a SharedArrayBuffer goes to an isolate only with `sharedMemory: true` in its `driverOptions`. Without it, send a copy of the bytes',
    );
  }
  if (isGrowable?.call(memory) === true) {
    throw new TypeError(
      'a SharedArrayBuffer that can grow cannot be shared with an isolate. Make one of a fixed length',
    );
  }
  if (memory.byteLength > LONGEST) {
    throw new TypeError(
      `a SharedArrayBuffer of ${memory.byteLength} bytes cannot be shared with an isolate: the most are ${LONGEST}`,
    );
  }
}

/** The memories of an event, as the addon gives them. */
export function memoriesOf(given: readonly (SharedArrayBuffer | Uint8Array | null)[]): SharedArrayBuffer[] {
  return given.map((each) => {
    if (each === null) throw new TypeError('this runtime cannot use a SharedArrayBuffer that an isolate has made');
    return (types.isUint8Array(each) ? each.buffer : each) as SharedArrayBuffer;
  });
}

/** An isolate has notified a word: threads of this runtime wait for it in a list of the runtime. */
export function wakeThreads(memory: SharedArrayBuffer, offset: number, count: number): void {
  notify(new Words(memory, offset, 1), 0, count);
}
