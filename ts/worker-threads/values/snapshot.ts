import { types } from 'node:util';
import type { TransferListItem } from 'node:worker_threads';

import { notIterable } from '../errors.js';
import { original, structuredClone } from '../originals.js';
import { moved } from './pairs.js';
import { KEEP, replaceIn } from '../../util/replace-in.js';

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
  const taken = structuredClone({ value, moved: [...transfer] }, { transfer: [...transfer] as ArrayBuffer[] });
  for (const [index, item] of transfer.entries()) {
    if (item instanceof original.MessagePort) moved(item, taken.moved[index] as typeof item);
  }
  return taken;
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

/**
 * What a clone has that only a thread can receive: memory that threads share, or an object of the runtime that Node clones for its own
 * threads alone. Looks at nothing that could run the user's code twice.
 *
 * @param canTravel - Whether processes can share a memory, if the worker may share it.
 */
export function findThreadsOnly(copy: unknown, canTravel?: (memory: SharedArrayBuffer) => boolean): object | undefined {
  let found: object | undefined;
  replaceIn(copy, (object) => {
    const stays = isShared(object) ? canTravel?.(memoryOf(object)) !== true : isOfRuntime(object);
    if (stays) found ??= object;
    return KEEP;
  });
  return found;
}

/** Node's clone makes new objects of these, and no bytes. */
const OF_RUNTIME = new Set(['WebAssembly.Module', 'Blob', 'File', 'CryptoKey']);

function isOfRuntime(object: object): boolean {
  return (
    OF_RUNTIME.has(Object.prototype.toString.call(object).slice('[object '.length, -1)) || types.isKeyObject(object)
  );
}

/** Shared memory, or a view of it. */
export function isShared(object: object): boolean {
  return Object.prototype.toString.call(memoryOf(object)) === '[object SharedArrayBuffer]';
}

function memoryOf(object: object): SharedArrayBuffer {
  return (ArrayBuffer.isView(object) ? object.buffer : object) as SharedArrayBuffer;
}
