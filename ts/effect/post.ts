import { WorkerError, type TransferList } from '../index.js';

/** What posts a message of one type to the other side. */
export interface Poster {
  post(type: string, payload: unknown, options?: { transfer: TransferList }): void;
}

/**
 * Posts a message with what it transfers. A driver that moves no memory copies it; the sender's memory is detached then, too, so
 * that a program behaves the same with each driver.
 */
export function postWith(
  poster: Poster,
  type: string,
  message: unknown,
  transfers: readonly unknown[] | undefined,
  movesMemory: boolean,
): void {
  if (transfers === undefined || transfers.length === 0) return poster.post(type, message);
  const transfer = [...transfers] as unknown as TransferList;
  if (movesMemory) return poster.post(type, message, { transfer });
  for (const item of transfer) if (!isArrayBuffer(item)) throw cannotMove();
  // The clone has the memory itself, so it is copied once: when it is sent.
  poster.post(type, structuredClone(message, { transfer: transfer as ArrayBuffer[] }));
}

/** Of any realm. An isolate has no module of Node's that tells. */
function isArrayBuffer(item: unknown): boolean {
  return Object.prototype.toString.call(item) === '[object ArrayBuffer]';
}

function cannotMove(): WorkerError {
  return new WorkerError(
    'ERR_UNSUPPORTED_BY_DRIVER',
    "a message transfers what is no ArrayBuffer, such as a MessagePort, which cannot leave its process by this worker's driver. " +
      'Use the WorkerThreadsDriver.',
  );
}
