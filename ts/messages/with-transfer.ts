import type { TransferList } from '../types/transfer-list.js';

/** A handler's result, and its objects to move instead of copying. */
export class Transferred {
  /** Recognises the values without reading them, because a proxy may refuse that. */
  // oxlint-disable-next-line eslint/no-unused-private-class-members -- `in` asks for it
  readonly #isTransferred = true;

  /** Whether one exists: most programs make none, and need not check values. */
  private static hasBeen = false;

  constructor(
    readonly value: unknown,
    readonly transfer: TransferList,
  ) {
    Transferred.hasBeen = true;
  }

  static is(value: unknown): value is Transferred {
    return Transferred.hasBeen && typeof value === 'object' && value !== null && #isTransferred in value;
  }
}

/**
 * Lets a handler move objects of its result to the host instead of copying them. If the driver moves no memory, as
 * between processes, the worker sends the result unchanged.
 *
 * @param value - The result.
 * @param transfer - The `ArrayBuffer`s, `MessagePort`s and so on in it. This side cannot use them afterwards.
 * @returns The value for the handler to return, in place of the result.
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

/** A value, and the objects to move with it. */
export function unwrap(value: unknown): [value: unknown, transfer: TransferList | undefined] {
  return Transferred.is(value) ? [value.value, value.transfer] : [value, undefined];
}
