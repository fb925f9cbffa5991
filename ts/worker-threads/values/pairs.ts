import type { MessagePort } from 'node:worker_threads';

import { original } from '../originals.js';

/** The other end of each port that a program of this process has made, wherever in this process that is. */
const others = new WeakMap<MessagePort, MessagePort>();

/** Node's own, whose ports know each other: what a program posts on one whose other end leads to a process can leave at once. */
export const MessageChannel: typeof original.MessageChannel = new Proxy(original.MessageChannel, {
  construct(target, given, newTarget) {
    const channel = Reflect.construct(target, given, newTarget) as InstanceType<typeof original.MessageChannel>;
    join(channel.port1, channel.port2);
    return channel;
  },
});

export function otherEnd(port: MessagePort): MessagePort | undefined {
  return others.get(port);
}

/** A port was moved: another object is that end from now on. */
export function moved(from: MessagePort, to: MessagePort): void {
  const other = others.get(from);
  if (other === undefined) return;
  others.delete(from);
  join(to, other);
}

function join(one: MessagePort, other: MessagePort): void {
  others.set(one, other);
  others.set(other, one);
}
