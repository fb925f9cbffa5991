// `Atomics` for memory that processes share: the lists of waiting threads that a runtime keeps are those of one process, so these wait
// and wake by the system. On other memory they are the runtime's own.
import { types } from 'node:util';

import { now } from '../../util/primordials.js';
import { beforeBlocking, beforeNotifying, sendUnsent } from '../values/links.js';
import { clone } from './core.js';

type Words = Int32Array | BigInt64Array;
type Outcome = 'ok' | 'not-equal' | 'timed-out';
type Buffer = NonNullable<ReturnType<ReturnType<typeof clone>['findShared']>>;

/** `Atomics.waitAsync`, which not every version of the language's types has. */
type WaitAsync = (
  words: Words,
  index: number,
  value: number | bigint,
  timeout?: number,
) => { readonly async: boolean; readonly value: Outcome | Promise<Outcome> };

const native = {
  wait: Atomics.wait as (words: Words, index: number, value: number | bigint, timeout?: number) => Outcome,
  notify: Atomics.notify as (words: Words, index: number, count?: number) => number,
  waitAsync: (Atomics as { waitAsync?: WaitAsync }).waitAsync,
  load: Atomics.load as (words: Words, index: number) => number | bigint,
};

/** How long a blocked thread lets its connections rest, in milliseconds: little at first, when they are likely to have work. */
const FIRST_SLICE = 1;
const LONGEST_SLICE = 50;

/** A word of memory that processes share. */
interface Place {
  readonly words: Words;
  readonly index: number;
  readonly buffer: Buffer;
  /** The number of the 32 bits for which the system waits: of a word of 64 bits, the lower half. */
  readonly half: number;
}

/** `undefined`: it is in other memory, or nowhere, which the runtime itself finds. */
function placeOf(words: unknown, given: unknown): Place | undefined {
  if (!types.isInt32Array(words) && !types.isBigInt64Array(words)) return undefined;
  const { buffer: memory, byteOffset, BYTES_PER_ELEMENT } = words;
  if (!types.isSharedArrayBuffer(memory) || memory.byteLength === 0) return undefined;
  const index = Math.trunc(Number(given)) || 0;
  if (index < 0 || index >= words.length) return undefined;
  const buffer = clone().findShared(memory);
  if (buffer === null) return undefined;
  return { words, index, buffer, half: (byteOffset + index * BYTES_PER_ELEMENT) / Int32Array.BYTES_PER_ELEMENT };
}

function wait(words: Words, index: number, value: number | bigint, timeout?: number): Outcome {
  const place = placeOf(words, index);
  if (place === undefined) return native.wait(words, index, value, timeout);
  const expected = wordOf(words, value);
  const limit = limitOf(timeout);
  if (!has(place, expected)) return 'not-equal';
  if (limit === 0) return 'timed-out';
  beforeBlocking();
  return block(place, expected, now() + limit);
}

function block(place: Place, expected: number | bigint, deadline: number): Outcome {
  const { buffer, half } = place;
  const low = lowOf(expected);
  let slice = FIRST_SLICE;
  for (let isFirst = true; ; isFirst = false) {
    const left = Math.max(0, deadline - now());
    const outcome = clone().sharedWait(buffer, half, low, Math.min(left, slice));
    if (outcome === 'ok') return 'ok';
    // Whoever has changed it while nobody waited in the system has notified it, or is about to.
    if (outcome === 'not-equal' || !has(place, expected)) return isFirst ? 'not-equal' : 'ok';
    if (now() >= deadline) return 'timed-out';
    clone().keepMoving();
    slice = sendUnsent() ? FIRST_SLICE : Math.min(2 * slice, LONGEST_SLICE);
  }
}

function notify(words: Words, index: number, count?: number): number {
  const place = placeOf(words, index);
  if (place === undefined) return native.notify(words, index, count);
  const most = count === undefined ? Infinity : Math.max(0, Math.trunc(Number(count)) || 0);
  // Whoever is woken finds what was sent before.
  beforeNotifying();
  const woken = clone().sharedNotify(place.buffer, place.half, most);
  // Threads of this process that use the runtime's own.
  return woken < most ? woken + native.notify(words, place.index, most - woken) : woken;
}

const waitAsync: WaitAsync = (words, index, value, timeout) => {
  const place = placeOf(words, index);
  if (place === undefined) return (native.waitAsync as WaitAsync)(words, index, value, timeout);
  const expected = wordOf(words, value);
  const limit = limitOf(timeout);
  if (!has(place, expected)) return { async: false, value: 'not-equal' };
  if (limit === 0) return { async: false, value: 'timed-out' };
  const waited = clone().sharedWaitLater(place.buffer, place.half, lowOf(expected), limit);
  // It has changed since it was compared.
  return { async: true, value: waited.then((outcome) => (outcome === 'not-equal' ? 'ok' : outcome)) };
};

function has({ words, index }: Place, expected: number | bigint): boolean {
  return native.load(words, index) === expected;
}

/** As the language makes a word of a number. */
function wordOf(words: Words, value: number | bigint): number | bigint {
  return types.isBigInt64Array(words) ? BigInt.asIntN(64, value as bigint) : (value as number) | 0;
}

function lowOf(word: number | bigint): number {
  return typeof word === 'bigint' ? Number(BigInt.asIntN(32, word)) : word;
}

function limitOf(timeout: unknown): number {
  const millis = Number(timeout);
  return Number.isNaN(millis) ? Infinity : Math.max(0, millis);
}

/** What takes the place of the runtime's own. */
const replaced = { wait, notify, ...(native.waitAsync !== undefined && { waitAsync }) };

/** `Atomics`, as `isolated-workers/worker_threads` exports it. */
export const SharedAtomics: typeof Atomics = Object.create(
  Object.prototype,
  Object.getOwnPropertyDescriptors({ ...allOf(Atomics), ...replaced }),
) as typeof Atomics;

/** Its members are not enumerable. */
function allOf(object: object): Record<string | symbol, unknown> {
  const names = Reflect.ownKeys(object);
  return Object.fromEntries(names.map((name) => [name, (object as Record<string | symbol, unknown>)[name]]));
}

/** Replaces those of the global object. */
export function replaceAtomics(): void {
  for (const [name, value] of Object.entries(replaced)) {
    Object.defineProperty(Atomics, name, { value, writable: true, configurable: true });
  }
}
