import { type Channel, channel } from 'node:diagnostics_channel';

import type { ShutdownReason } from './types/shutdown-reason.js';

const channels = {
  start: channel('isolated-workers:start'),
  send: channel('isolated-workers:send'),
  result: channel('isolated-workers:result'),
  error: channel('isolated-workers:error'),
  crash: channel('isolated-workers:crash'),
  close: channel('isolated-workers:close'),
};

const { send, result, error } = channels;

/** What was sent, the same object in `send` and in `result` or `error`. */
export interface ObservedMessage {
  /** The worker's name; `undefined` in a worker that asks its host. */
  readonly worker: string | undefined;
  readonly kind: 'request' | 'stream' | 'notification';
  readonly type: string;
  readonly payload: unknown;
}

/** Tells that something is sent; `undefined` where nobody listens. */
export function tellSend(
  kind: ObservedMessage['kind'],
  worker: string | undefined,
  type: string,
  payload: unknown,
): ObservedMessage | undefined {
  if (!send.hasSubscribers && !result.hasSubscribers && !error.hasSubscribers) return undefined;
  const message: ObservedMessage = { worker, kind, type, payload };
  if (send.hasSubscribers) send.publish(message);
  return message;
}

/** Tells the outcome; gives a promise that settles as the given one does. */
export function tellOutcome<T>(message: ObservedMessage, outcome: Promise<T>): Promise<T> {
  const begun = performance.now();
  return outcome.then(
    (value) => {
      if (result.hasSubscribers) result.publish({ message, result: value, millis: performance.now() - begun });
      return value;
    },
    (reason: unknown) => {
      if (error.hasSubscribers) error.publish({ message, error: reason, millis: performance.now() - begun });
      throw reason;
    },
  );
}

/** The same for an outcome that is there at once. */
export function tellOutcomeNow<T>(message: ObservedMessage, act: () => T): T {
  const begun = performance.now();
  try {
    const value = act();
    if (result.hasSubscribers) result.publish({ message, result: value, millis: performance.now() - begun });
    return value;
  } catch (reason) {
    if (error.hasSubscribers) error.publish({ message, error: reason, millis: performance.now() - begun });
    throw reason;
  }
}

/** Tells what becomes of a worker. */
export function tellLife(
  event: 'start' | 'crash' | 'close',
  details: { worker: string; pid: number | undefined; driver: string; error?: Error; reason?: ShutdownReason },
): void {
  const told: Channel = channels[event];
  if (told.hasSubscribers) told.publish(details);
}
