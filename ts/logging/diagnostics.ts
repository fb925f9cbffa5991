import { type Channel, channel } from 'node:diagnostics_channel';

import type { ShutdownReason } from '../types/shutdown-reason.js';
import { now } from '../util/primordials.js';

const channels = {
  start: channel('isolated-workers:start'),
  send: channel('isolated-workers:send'),
  result: channel('isolated-workers:result'),
  error: channel('isolated-workers:error'),
  crash: channel('isolated-workers:crash'),
  close: channel('isolated-workers:close'),
};

const { send, result, error } = channels;

/** The message, one object in `send` and in `result` or `error`. */
export interface ObservedMessage {
  /** The worker's name; `undefined` in a worker that calls its host. */
  readonly worker: string | undefined;
  readonly kind: 'request' | 'stream' | 'notification';
  readonly type: string;
  readonly payload: unknown;
}

/** Whether anybody has subscribed to the messages of hosts. */
export function isObserved(): boolean {
  return send.hasSubscribers || result.hasSubscribers || error.hasSubscribers;
}

/** Publishes a message; `undefined` without subscribers. */
export function publishSend(
  kind: ObservedMessage['kind'],
  worker: string | undefined,
  type: string,
  payload: unknown,
): ObservedMessage | undefined {
  if (!isObserved()) return undefined;
  const message: ObservedMessage = { worker, kind, type, payload };
  if (send.hasSubscribers) send.publish(message);
  return message;
}

/** Publishes the outcome; returns a promise that settles like the given one. */
export function publishOutcome<T>(message: ObservedMessage, outcome: Promise<T>): Promise<T> {
  const begun = now();
  return outcome.then(
    (value) => {
      if (result.hasSubscribers) result.publish({ message, result: value, millis: now() - begun });
      return value;
    },
    (reason: unknown) => {
      if (error.hasSubscribers) error.publish({ message, error: reason, millis: now() - begun });
      throw reason;
    },
  );
}

/** For a synchronous outcome. */
export function publishOutcomeNow<T>(message: ObservedMessage, act: () => T): T {
  const begun = now();
  try {
    const value = act();
    if (result.hasSubscribers) result.publish({ message, result: value, millis: now() - begun });
    return value;
  } catch (reason) {
    if (error.hasSubscribers) error.publish({ message, error: reason, millis: now() - begun });
    throw reason;
  }
}

/** Publishes an event of a worker. */
export function publishLifecycle(
  event: 'start' | 'crash' | 'close',
  details: { worker: string; pid: number | undefined; driver: string; error?: Error; reason?: ShutdownReason },
): void {
  const recent: Channel = channels[event];
  if (recent.hasSubscribers) recent.publish(details);
}
