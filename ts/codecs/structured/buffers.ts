import { checkMemory } from './memory.js';

// The memory that a message carries. Views of one `ArrayBuffer` share a copy; a `Buffer` always has its own, because
// its pool often belongs to others.

/** A piece of memory that travels as one segment. */
export interface Block {
  readonly memory: ArrayBuffer;
  start: number;
  end: number;
}

/** The position of a view: the number of its block, and the offset in it. */
export interface Spot {
  readonly block: number;
  readonly offset: number;
}

export class Blocks {
  readonly list: Block[] = [];
  /** The number of the next piece that is found during writing. */
  firstLate = 0;
  private readonly late: Block[] = [];
  private readonly shared = new Map<ArrayBuffer, number>();
  private readonly own = new Map<ArrayBufferView, number>();

  constructor(views: readonly ArrayBufferView[], buffers: readonly ArrayBuffer[]) {
    for (const memory of buffers) {
      checkMemory(memory);
      this.shared.set(memory, this.list.push({ memory, start: 0, end: memory.byteLength }) - 1);
    }
    for (const view of views) this.add(view);
  }

  private add(view: ArrayBufferView): void {
    const memory = view.buffer;
    checkMemory(memory);
    const [start, end] = [view.byteOffset, view.byteOffset + view.byteLength];
    const number = Buffer.isBuffer(view) ? undefined : this.shared.get(memory);
    if (number === undefined) {
      const added = this.list.push({ memory, start: Buffer.isBuffer(view) ? start : align(start), end }) - 1;
      if (Buffer.isBuffer(view)) this.own.set(view, added);
      else this.shared.set(memory, added);
      return;
    }
    const block = this.list[number] as Block;
    block.start = Math.min(block.start, align(start));
    block.end = Math.max(block.end, end);
  }

  /** The position of a view. A new view, which a getter may return each time, becomes its own piece. */
  spotOf(view: ArrayBufferView): Spot {
    const number = Buffer.isBuffer(view) ? this.own.get(view) : this.shared.get(view.buffer as ArrayBuffer);
    const block = number === undefined ? undefined : this.list[number];
    if (block !== undefined && view.byteOffset >= block.start && view.byteOffset + view.byteLength <= block.end) {
      return { block: number as number, offset: view.byteOffset - block.start };
    }
    const memory = view.buffer;
    checkMemory(memory);
    const late = this.late.push({ memory, start: view.byteOffset, end: view.byteOffset + view.byteLength }) - 1;
    return { block: this.firstLate + late, offset: 0 };
  }

  bytes(): Uint8Array[] {
    return this.list.map(toBytes);
  }

  lateBytes(): Uint8Array[] {
    return this.late.map(toBytes);
  }
}

function toBytes({ memory, start, end }: Block): Uint8Array {
  return new Uint8Array(memory, start, end - start);
}

/** Keeps each element of a typed array aligned. */
function align(offset: number): number {
  return offset - (offset % 8);
}
