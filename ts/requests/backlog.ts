import { types } from 'node:util';

import { Parts, settled } from '../codecs/segments.js';
import type { TransferList } from '../types/transfer-list.js';

/** A begun request whose message waits for capacity. */
export interface Waiting {
  readonly type: string;
  readonly encoded: unknown;
  readonly transfer: TransferList | undefined;
}

/** Messages that were sent while the output was full, by slot, in order; and callers that wait until it is not. */
export class Backlog {
  private readonly waiting = new Map<number, Waiting>();
  private drains: { resolve(): void; reject(error: Error): void }[] = [];
  /** For text, its length: it is not encoded yet. */
  bytes = 0;

  get isEmpty(): boolean {
    return this.waiting.size === 0;
  }

  get isAwaited(): boolean {
    return this.drains.length > 0;
  }

  add(slot: number, message: Waiting): void {
    this.waiting.set(slot, { ...message, encoded: settled(message.encoded) });
    this.bytes += sizeOf(message.encoded);
  }

  first(): [slot: number, message: Waiting] | undefined {
    for (const entry of this.waiting) return entry;
    return undefined;
  }

  drop(slot: number): void {
    const message = this.waiting.get(slot);
    if (message === undefined) return;
    this.waiting.delete(slot);
    this.bytes -= sizeOf(message.encoded);
  }

  /** Resolves with the next `drained`, rejects with the next `fail`. */
  whenDrained(): Promise<void> {
    return new Promise((resolve, reject) => this.drains.push({ resolve, reject }));
  }

  drained(): void {
    for (const { resolve } of this.drains.splice(0)) resolve();
  }

  fail(error: () => Error): void {
    for (const { reject } of this.drains.splice(0)) reject(error());
  }
}

/** In bytes; for text, in characters. */
export function sizeOf(encoded: unknown): number {
  if (typeof encoded === 'string') return encoded.length;
  if (encoded instanceof Parts) return encoded.size;
  return types.isUint8Array(encoded) ? encoded.byteLength : 0;
}
