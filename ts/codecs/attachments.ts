/** What travels beside the bytes of V8, and what of it was asked for. */
export class Attachments {
  private readonly used = new Set<number>();
  /** Those of `Buffer`s, which share their memory with no other view. */
  private readonly taken = new Set<number>();

  /** @param list - Blocks of bytes, each alone in its memory, and texts. */
  constructor(readonly list: (Uint8Array | string)[]) {}

  bytes(number: number): Uint8Array {
    const attachment = this.find(number);
    if (typeof attachment === 'string') throw new Error(`the attachment ${number} is text where bytes belong`);
    return attachment;
  }

  text(number: unknown): string {
    const attachment = this.find(number);
    if (typeof attachment !== 'string') throw new Error(`the attachment ${String(number)} is bytes where text belongs`);
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

  /** Throws where nothing refers to a text. Of bytes V8 tells neither side whether an `ArrayBuffer` does. */
  checkUse(): void {
    for (const [number, attachment] of this.list.entries()) {
      if (typeof attachment === 'string' && !this.used.has(number)) {
        throw new Error(`nothing refers to the attachment ${number}, which is text`);
      }
    }
  }

  private find(number: unknown): Uint8Array | string {
    const attachment = typeof number === 'number' ? this.list[number] : undefined;
    if (attachment === undefined) throw new Error(`there is no attachment ${String(number)}`);
    return attachment;
  }
}
