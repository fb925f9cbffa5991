import type { TransferListItem } from 'node:worker_threads';

import { dataCloneError, messagingErrored, messagingFailed, messagingSameThread, messagingTimeout } from '../errors.js';
import { original } from '../originals.js';
import { here } from '../this-worker.js';
import { snapshot, transferList } from '../values/snapshot.js';
import { routeMail } from './route.js';

type Post = (
  threadId: number,
  value: unknown,
  transfer?: readonly TransferListItem[],
  timeout?: number,
) => Promise<void>;

/** `postMessageToThread` of Node 22.5 and later. */
export async function postMessageToThread(
  to: number,
  value: unknown,
  transfer?: readonly TransferListItem[] | number,
  timeout?: number,
): Promise<void> {
  // Node allows the timeout in the place of the list.
  const isTimeout = typeof transfer === 'number';
  const list = transferList(isTimeout ? undefined : transfer);
  const limit = (isTimeout ? transfer : timeout) ?? 0;
  if (to === here.threadId) throw messagingSameThread();
  if (list.some((item) => !(item instanceof ArrayBuffer))) {
    throw dataCloneError('postMessageToThread moves no port to another process. Send it by postMessage.');
  }
  const { value: taken } = snapshot(value, list);
  let outcome;
  try {
    outcome = await routeMail({ to, from: here.threadId, value: taken }, limit);
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_MESSAGE_TIMEOUT') throw messagingTimeout();
    outcome = 'failed';
  }
  if (outcome === 'errored') throw messagingErrored();
  if (outcome === 'delivered') return;
  // It may be a thread of this process.
  const post = (original as unknown as { postMessageToThread?: Post }).postMessageToThread;
  if (post === undefined) throw messagingFailed();
  return post(to, taken, [], limit === 0 ? undefined : limit);
}
