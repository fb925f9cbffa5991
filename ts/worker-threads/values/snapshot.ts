import type { TransferListItem } from 'node:worker_threads';

import { notIterable } from '../errors.js';
import { original, structuredClone } from '../originals.js';
import { replaceIn } from './replace-in.js';

/** A value as it was when it was sent, and what was moved with it: the sender has lost that. */
export interface Snapshot {
  readonly value: unknown;
  readonly moved: readonly TransferListItem[];
}

/**
 * Takes a value as Node takes that of a `postMessage`.
 *
 * @throws What Node throws: a `DataCloneError`.
 */
export function snapshot(value: unknown, transfer: readonly TransferListItem[]): Snapshot {
  // Node takes more for transferable than its types of `structuredClone` name.
  return structuredClone({ value, moved: [...transfer] }, { transfer: [...transfer] as ArrayBuffer[] });
}

/** The second argument of `postMessage`: a list, or options with a list. */
export function transferList(given: unknown): readonly TransferListItem[] {
  if (given === undefined || given === null) return [];
  if (typeof given !== 'object') throw notIterable('transferList');
  if (Symbol.iterator in given) return checked([...(given as Iterable<unknown>)]);
  const { transfer } = given as { transfer?: unknown };
  if (transfer === undefined || transfer === null) return [];
  if (typeof transfer === 'object' && Symbol.iterator in transfer) return checked([...(transfer as Iterable<unknown>)]);
  throw notIterable('options.transfer');
}

/** @throws What this version of Node throws for a list with something that is no object. */
function checked(list: unknown[]): TransferListItem[] {
  const items = list as TransferListItem[];
  if (items.some((item) => typeof item !== 'object' || item === null)) {
    new original.MessageChannel().port1.postMessage(undefined, items);
  }
  return items;
}

/** Whether a value of the caller has memory in it that threads share. Looks at nothing that could run the user's code twice. */
export function hasSharedMemory(copy: unknown): boolean {
  let found = false;
  replaceIn(copy, (object) => {
    found ||= isShared(object);
    return undefined;
  });
  return found;
}

/** Shared memory, or a view of it. */
export function isShared(object: object): boolean {
  const memory = ArrayBuffer.isView(object) ? object.buffer : object;
  return Object.prototype.toString.call(memory) === '[object SharedArrayBuffer]';
}
