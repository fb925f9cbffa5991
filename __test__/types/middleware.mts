import { createWorker } from 'isolated-workers';
import type { AnyMessage, MessageDefinitions, Middleware } from 'isolated-workers';

import type { Equal, Expect } from './expect.cjs';
import type { Messages } from './messages.cjs';

export const messageAndDirectionAreInferred: Middleware<Messages> = (message, direction) => {
  type _ = Expect<Equal<[typeof message, typeof direction], [AnyMessage<Messages>, 'incoming' | 'outgoing']>>;
  return message;
};

export const nothingMayBeReturned: Middleware<Messages> = () => {};
export const aPromiseOfTheMessageMayBeReturned: Middleware<Messages> = async (message) => message;
export const aPromiseOfNothingMayBeReturned: Middleware<Messages> = async () => {};

export const thePayloadMayBeReplaced: Middleware<Messages> = (message) => {
  if (message.type === 'load') return { ...message, payload: { config: message.payload.config.trim() } };
  if (message.type === 'compute') message.payload = { values: [] };
};

// @ts-expect-error
export const aStringIsNoMessage: Middleware<Messages> = (message) => message.type;

// @ts-expect-error
export const aMessageOfAnotherTypeIsRejected: Middleware<Messages> = () => ({ type: 'unload', tx: '1', payload: 1 });

export const aPayloadOfAnotherTypeIsRejected: Middleware<Messages> = (message) => {
  // @ts-expect-error
  if (message.type === 'load') message.payload = { values: [] };
};

/** Middleware for any worker, without knowing its messages. */
function trace<T extends AnyMessage<MessageDefinitions>>(message: T): T {
  console.log(message.type, message.tx);
  return message;
}
export const middlewareMayServeAnyMessages: Middleware<Messages>[] = [trace, trace];

export async function middlewareOfOtherMessagesIsRejected(other: Middleware<{ other: { payload: string } }>) {
  // @ts-expect-error
  await createWorker<Messages>({ script: './worker.js', middleware: other });
}
