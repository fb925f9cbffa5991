import type { TransferList } from './types/transfer-list.js';

/** A handler's result together with what of it is moved instead of copied. */
export class Transferred {
  constructor(
    readonly value: unknown,
    readonly transfer: TransferList,
  ) {}
}

/**
 * Lets a handler move parts of its result to the host instead of copying them. Where the driver moves no memory, as
 * between processes, the result is sent as it would be without.
 *
 * @param value - The result.
 * @param transfer - The `ArrayBuffer`s, `MessagePort`s and so on in it. They are unusable here afterwards.
 * @returns What the handler returns, in place of the result.
 *
 * @example
 * ```ts
 * await startWorkerServer<Messages>({
 *   render: ({ width, height }) => {
 *     const pixels = new Uint8Array(width * height * 4);
 *     return withTransfer(pixels, [pixels.buffer]);
 *   },
 * });
 * ```
 */
export function withTransfer<T>(value: T, transfer: TransferList): T {
  return new Transferred(value, transfer) as T;
}

/** A value, and what is to move with it. */
export function unwrap(value: unknown): [value: unknown, transfer: TransferList | undefined] {
  return value instanceof Transferred ? [value.value, value.transfer] : [value, undefined];
}
