import { randomUUID } from 'node:crypto';
import type { MessagePort, TransferListItem } from 'node:worker_threads';

import { dataCloneError, sharedMemoryRefused } from '../errors.js';
import type { Body } from '../frames.js';
import type { SharedMemory } from '../public.js';
import { original } from '../originals.js';
import { KEEP, replaceIn } from '../../util/replace-in.js';
import { openShared, SharedValues } from '../shared/values.js';
import { isShared, type Snapshot, snapshot } from './snapshot.js';
import { hasUncloneable } from './uncloneable.js';

/** No program sees it, so no value of a program has it. */
const MARK = randomUUID();

/** What bodies need of the side that sends them. */
export interface Sender {
  readonly sharedMemory: SharedMemory;
  /** Gives a port to the bridge, and gets the number that it has there. */
  adopt(port: MessagePort): number;
}

/**
 * Sends a value of the user's.
 *
 * @param post - Sends one body; throws `ERR_NOT_SERIALIZABLE`.
 * @throws A `DataCloneError`; nothing was sent then.
 */
export function sendValue(
  value: unknown,
  transfer: readonly TransferListItem[],
  sender: Sender,
  post: (body: Body) => void,
): void {
  if (transfer.length > 0 || hasUncloneable()) return sendSnapshot(snapshot(value, transfer), sender, post);
  try {
    post({ value });
  } catch (error) {
    if (!isNotSerializable(error)) throw error;
    // Node refuses it, too, and says why; or it has something in it that is to be replaced.
    sendSnapshot(snapshot(value, []), sender, post);
  }
}

/** Sends what {@link snapshot} has taken; its value is used up then. */
export function sendSnapshot({ value, moved }: Snapshot, sender: Sender, post: (body: Body) => void): void {
  const ports = moved.filter((item) => item instanceof original.MessagePort);
  const copies = new Map<ArrayBufferLike, ArrayBuffer>();
  const memories = sender.sharedMemory === 'share' ? new SharedValues(ports.length, MARK) : undefined;
  const replaced = replaceIn(value, (object) => {
    const index = ports.indexOf(object as (typeof ports)[number]);
    if (index >= 0) return { [MARK]: index };
    if (!isShared(object)) return KEEP;
    return memories === undefined ? copyOf(object, sender.sharedMemory, copies) : memories.standIn(object);
  });
  const numbers = ports.map((port) => sender.adopt(port));
  try {
    const isPlain = ports.length === 0 && memories?.isEmpty !== false;
    post(isPlain ? { value: replaced } : { value: replaced, mark: MARK, ports: numbers, ...memories?.body() });
  } catch (error) {
    throw isNotSerializable(error) ? dataCloneError(error.message) : error;
  }
}

/** The value of a body, and the ports in it. */
export function openBody(body: Body, open: (id: number) => MessagePort): Snapshot {
  const { value, mark, ports } = body;
  if (mark === undefined || ports === undefined) return { value, moved: [] };
  const moved = ports.map(open);
  const known = [...moved, ...openShared(body)];
  const opened = replaceIn(value, (object) =>
    Object.hasOwn(object, mark) ? known[(object as Record<string, number>)[mark] as number] : KEEP,
  );
  return { value: opened, moved };
}

function copyOf(object: object, policy: SharedMemory, copies: Map<ArrayBufferLike, ArrayBuffer>): object {
  if (policy !== 'copy') throw sharedMemoryRefused();
  const memory = (ArrayBuffer.isView(object) ? object.buffer : object) as ArrayBufferLike;
  let copy = copies.get(memory);
  if (copy === undefined) copies.set(memory, (copy = new Uint8Array(memory).slice().buffer as ArrayBuffer));
  if (!ArrayBuffer.isView(object)) return copy;
  const view = object as DataView & { readonly length?: number };
  const View = view.constructor as new (memory: ArrayBuffer, offset: number, length: number) => object;
  return new View(copy, view.byteOffset, view.length ?? view.byteLength);
}

function isNotSerializable(error: unknown): error is Error {
  return (error as { code?: unknown } | undefined)?.code === 'ERR_NOT_SERIALIZABLE';
}
