import { checkTimeout } from '../../connection/options.js';
import { unsupportedByDriver } from '../../errors/driver-errors.js';
import { invalidOption } from '../../errors/worker-error.js';
import { OutgoingRequest } from '../../requests/outgoing-request.js';
import { termsOf } from '../../requests/request-options.js';
import type { PostOptions, SendOptions } from '../../types/request-sender.js';
import type { SyncOptions } from '../../types/sync-sender.js';
import { checkTransfer } from '../../options/check-list.js';
import type { TransferList } from '../../types/transfer-list.js';
import type { WorkerInit } from '../worker-init.js';

/**
 * The request of a call, whose arguments it checks.
 *
 * @param operation - For the error: `send` or `stream`.
 */
export function requestOf(
  init: WorkerInit,
  operation: string,
  type: string,
  payload: unknown,
  options: SendOptions | undefined,
): OutgoingRequest {
  const timeout = givenTimeout(options);
  checkType(type);
  const transfer = givenTransfer(init, options);
  return new OutgoingRequest(type, payload, timeout, transfer, termsOf(operation, options, init.inject?.()));
}

export function checkType(type: unknown): void {
  if (typeof type !== 'string') throw invalidOption('the message type', 'a string', type);
}

export function givenTimeout(options: SyncOptions | undefined): number | undefined {
  const timeout = options?.timeout;
  if (timeout !== undefined) checkTimeout('timeout', timeout);
  return timeout;
}

export function givenTransfer(
  { capabilities, driver }: WorkerInit,
  options: PostOptions | undefined,
): TransferList | undefined {
  const transfer = options?.transfer;
  if (transfer === undefined) return undefined;
  checkTransfer('transfer', transfer);
  if (transfer.length === 0) return undefined;
  if (!capabilities.sharedMemory) throw unsupportedByDriver(driver, '`transfer`', 'worker_threads');
  return transfer as TransferList;
}
