// Memory that moves to the host: its bytes are copied, and the isolate has lost it.
import type { TransferList } from '../../types/transfer-list.js';

const { apply, getOwnPropertyDescriptor } = Reflect;
const { ArrayBuffer: Memory, DOMException: Refusal } = globalThis;
const { transfer } = Memory.prototype as ArrayBuffer & { transfer(length?: number): ArrayBuffer };
const isDetached = getOwnPropertyDescriptor(Memory.prototype, 'detached')?.get as () => boolean;

/** Refuses what cannot move, before anything is sent. */
export function checkMovable(list: TransferList): void {
  const seen = new Set<unknown>();
  for (const item of list as readonly unknown[]) {
    if (!isMovable(item) || seen.has(item)) {
      const what = seen.has(item) ? 'an ArrayBuffer is in it twice' : 'only an ArrayBuffer moves out of an isolate';
      throw new Refusal(`the transfer list is wrong: ${what}`, 'DataCloneError');
    }
    seen.add(item);
  }
}

function isMovable(item: unknown): boolean {
  try {
    return !apply(isDetached, item, []);
  } catch {
    // It is no ArrayBuffer.
    return false;
  }
}

/** Takes the memory from the isolate. */
export function detach(list: TransferList): void {
  for (const item of list as readonly ArrayBuffer[]) apply(transfer, item, [0]);
}
