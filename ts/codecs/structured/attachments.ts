import type { NativeSharedMemory } from '../../addon/binding.js';
import { SharedBuffer } from './shared-buffer.js';

/** The segments beside V8's bytes, and which of them were used. */
export class Attachments {
  private readonly used = new Set<number>();
  /** Attachments of `Buffer`s, which share their memory with no other view. */
  private readonly taken = new Set<number>();

  /** @param list - Blocks of bytes, each alone in its memory, texts, and shared memory. */
  constructor(readonly list: (Uint8Array | string | NativeSharedMemory)[]) {}

  bytes(number: number): Uint8Array {
    const attachment = this.find(number);
    if (attachment instanceof Uint8Array) return attachment;
    throw new Error(`the attachment ${number} is ${kindOf(attachment)} where bytes belong`);
  }

  /** A shared buffer; if its sender has copied it, a `Buffer` of the bytes. */
  shared(number: number): SharedBuffer | Buffer {
    const attachment = this.find(number);
    if (typeof attachment === 'string') throw new Error(`the attachment ${number} is text where memory belongs`);
    if (attachment instanceof Uint8Array) {
      const { buffer, byteOffset, byteLength } = this.forView(number, true);
      return Buffer.from(buffer, byteOffset, byteLength);
    }
    this.used.add(number);
    return new SharedBuffer(attachment);
  }

  text(number: unknown): string {
    const attachment = this.find(number);
    if (typeof attachment !== 'string') {
      throw new Error(`the attachment ${String(number)} is ${kindOf(attachment)} where text belongs`);
    }
    this.used.add(number as number);
    return attachment;
  }

  /** The memory of a view. */
  forView(number: number, isBuffer: boolean): Uint8Array {
    const bytes = this.bytes(number);
    if (this.taken.has(number) || (isBuffer && this.used.has(number))) {
      throw new Error(`the attachment ${number} is that of a Buffer, and another view refers to it`);
    }
    if (isBuffer) this.taken.add(number);
    this.used.add(number);
    return bytes;
  }

  /** Throws if a text or shared memory is unused. V8 tells neither side whether an `ArrayBuffer` uses bytes. */
  checkUse(): void {
    for (const [number, attachment] of this.list.entries()) {
      if (!(attachment instanceof Uint8Array) && !this.used.has(number)) {
        throw new Error(`nothing refers to the attachment ${number}, which is ${kindOf(attachment)}`);
      }
    }
  }

  private find(number: unknown): Uint8Array | string | NativeSharedMemory {
    const attachment = typeof number === 'number' ? this.list[number] : undefined;
    if (attachment === undefined) throw new Error(`there is no attachment ${String(number)}`);
    return attachment;
  }
}

function kindOf(attachment: Uint8Array | string | NativeSharedMemory): string {
  if (typeof attachment === 'string') return 'text';
  return attachment instanceof Uint8Array ? 'bytes' : 'shared memory';
}
