// Memory that moves to an isolate: its bytes are copied, and the sender has lost it.
import { types } from 'node:util';

import type { DriverChannel } from '../index.js';

/** What a message moves. */
export type TransferList = NonNullable<Parameters<DriverChannel['send']>[1]>;

/** Refuses what cannot move, before anything is sent. */
export function checkMovable(list: TransferList): void {
  const seen = new Set<unknown>();
  for (const item of list as readonly unknown[]) {
    if (!types.isArrayBuffer(item) || seen.has(item)) {
      const { constructor } = Object(item) as { readonly constructor?: { readonly name?: unknown } };
      const what = seen.has(item)
        ? 'an ArrayBuffer is in it twice'
        : `only an ArrayBuffer moves to an isolate, and it has a ${String(constructor?.name ?? typeof item)}`;
      throw new DOMException(`the transfer list is wrong: ${what}`, 'DataCloneError');
    }
    seen.add(item);
  }
}

/** Takes the memory from this thread. */
export function detach(list: TransferList): void {
  if (list.length > 0) structuredClone(null, { transfer: [...list] as ArrayBuffer[] });
}
