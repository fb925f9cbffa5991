import { Script } from 'node:vm';

/** Room for the source and what V8 makes of it, which is about as long. Pages that are never written cost nothing. */
const SIZE = 512 * 1024;
const HEAD_BYTES = 3 * Int32Array.BYTES_PER_ELEMENT;

const enum Head {
  State = 0,
  SourceLength = 1,
  CodeLength = 2,
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

/**
 * The functions that V8 has compiled in one thread of a process, for the threads that come after it: they need not compile
 * them again. It is used only for the very source that it was made of; V8 itself refuses it where its own options differ.
 */
export class CodeCache {
  private readonly head: Int32Array;

  constructor(private readonly memory: SharedArrayBuffer) {
    this.head = new Int32Array(memory, 0, HEAD_BYTES / Int32Array.BYTES_PER_ELEMENT);
  }

  /** @param source - ASCII. @param wrap - What is compiled in its place. */
  compile(source: Buffer, filename: string, wrap: readonly [before: string, after: string]): Script {
    const [before, after] = wrap;
    const text = before + source.toString('latin1') + after;
    const cachedData = this.find(source);
    const options = { filename, columnOffset: -before.length };
    return new Script(text, cachedData === undefined ? options : { ...options, cachedData });
  }

  get isEmpty(): boolean {
    return Atomics.load(this.head, Head.State) === State.Empty;
  }

  /** Keeps what was compiled of a script up to now, unless another thread has done so. */
  keep(source: Buffer, script: Script): void {
    if (Atomics.compareExchange(this.head, Head.State, State.Empty, State.Taken) !== State.Empty) return;
    const code = script.createCachedData();
    if (HEAD_BYTES + source.length + code.length > this.memory.byteLength) return;
    new Uint8Array(this.memory).set(source, HEAD_BYTES);
    new Uint8Array(this.memory).set(code, HEAD_BYTES + source.length);
    this.head[Head.SourceLength] = source.length;
    this.head[Head.CodeLength] = code.length;
    Atomics.store(this.head, Head.State, State.Full);
  }

  private find(source: Buffer): Buffer | undefined {
    const { memory, head } = this;
    if (Atomics.load(head, Head.State) !== State.Full || head[Head.SourceLength] !== source.length) return undefined;
    if (!source.equals(new Uint8Array(memory, HEAD_BYTES, source.length))) return undefined;
    return Buffer.from(memory, HEAD_BYTES + source.length, head[Head.CodeLength]);
  }
}
