import type { MessagePort } from 'node:worker_threads';

import { original } from '../originals.js';
import { linksOf } from './links.js';

/** `receiveMessageOnPort`, which also gives what another process has sent by now, without a turn of the event loop. */
export function receiveMessageOnPort(port: MessagePort): { message: unknown } | undefined {
  const received = original.receiveMessageOnPort(port) as { message: unknown } | undefined;
  if (received !== undefined) return received;
  let hasRead = false;
  for (const link of linksOf(port, port instanceof original.BroadcastChannel)) {
    link.receive();
    hasRead = true;
  }
  return hasRead ? (original.receiveMessageOnPort(port) as { message: unknown } | undefined) : undefined;
}
