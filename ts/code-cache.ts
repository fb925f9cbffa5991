// The text of a script, and the functions that V8 has compiled of it in one thread of a process, in memory for the threads
// that come after it: they need neither read nor compile it. V8 itself refuses code where its own options differ.
//
// Bare functions: nobody has compiled these, so a thread pays for each that it calls, and for a class more.
import { Script } from 'node:vm';

/** Room for the text and what V8 makes of it, which is about as long. Pages that are never written cost nothing. */
const SIZE = 512 * 1024;
const HEAD_LENGTH = 4;
const HEAD_BYTES = HEAD_LENGTH * Int32Array.BYTES_PER_ELEMENT;
/** What does not begin at a multiple of it, V8 copies. */
const ALIGNMENT = 8;

const enum Head {
  State = 0,
  KeyLength = 1,
  TextLength = 2,
  CodeLength = 3,
}

const enum State {
  Empty = 0,
  /** A thread has begun to write, or the code had no room. */
  Taken = 1,
  Full = 2,
}

export function createMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(SIZE);
}

/** The script that was kept, if it is the one with this key. */
export function findScript(
  memory: SharedArrayBuffer,
  key: string,
  filename: string,
  columnOffset: number,
): Script | undefined {
  const head = new Int32Array(memory, 0, HEAD_LENGTH);
  if (Atomics.load(head, Head.State) !== State.Full) return undefined;
  const keyLength = head[Head.KeyLength] as number;
  const length = keyLength + (head[Head.TextLength] as number);
  const keyAndText = Buffer.from(memory, HEAD_BYTES, length);
  if (keyAndText.toString('utf8', 0, keyLength) !== key) return undefined;
  const cachedData = Buffer.from(memory, codeAt(length), head[Head.CodeLength]);
  // One string made at once: two that are joined would be copied by who compiles them.
  return new Script(keyAndText.toString('latin1', keyLength), { filename, columnOffset, cachedData });
}

/** Keeps what was compiled of a script up to now, unless another thread has done so. @param text - ASCII. */
export function keepScript(memory: SharedArrayBuffer, key: string, text: string, script: Script): void {
  const head = new Int32Array(memory, 0, HEAD_LENGTH);
  if (Atomics.compareExchange(head, Head.State, State.Empty, State.Taken) !== State.Empty) return;
  const code = script.createCachedData();
  const keyAndText = Buffer.concat([Buffer.from(key), Buffer.from(text, 'latin1')]);
  const at = codeAt(keyAndText.length);
  if (at + code.length > memory.byteLength) return;
  const bytes = new Uint8Array(memory);
  bytes.set(keyAndText, HEAD_BYTES);
  bytes.set(code, at);
  head[Head.KeyLength] = keyAndText.length - text.length;
  head[Head.TextLength] = text.length;
  head[Head.CodeLength] = code.length;
  Atomics.store(head, Head.State, State.Full);
}

export function isEmpty(memory: SharedArrayBuffer): boolean {
  return Atomics.load(new Int32Array(memory, 0, HEAD_LENGTH), Head.State) === State.Empty;
}

/** Where the code begins behind a key and a text of this length. */
function codeAt(length: number): number {
  return Math.ceil((HEAD_BYTES + length) / ALIGNMENT) * ALIGNMENT;
}
