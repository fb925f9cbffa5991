// Messages by thread id go from process to process, along the tree of workers, and each hop waits for the outcome.
import { ancestorsOf, here } from '../this-worker.js';

/** A message of `postMessageToThread`. */
export interface Mail {
  readonly to: number;
  readonly from: number;
  readonly value: unknown;
}

/** What became of it: `failed` where there is no such worker, or none that listens. */
export type Outcome = 'delivered' | 'failed' | 'errored';

/** Sends it over one connection. */
export type Carry = (mail: Mail, timeout: number) => Promise<Outcome>;

const children = new Map<number, Carry>();
let parent: Carry | undefined;

export function joinMail(threadId: number, carry: Carry): void {
  children.set(threadId, carry);
}

export function leaveMail(threadId: number): void {
  children.delete(threadId);
}

/** In a worker: the connection to its host. */
export function joinMailOfHost(carry: Carry): void {
  parent = carry;
}

/** @param timeout - In milliseconds; 0: none. */
export async function routeMail(mail: Mail, timeout = 0): Promise<Outcome> {
  if (mail.to === here.threadId) return deliver(mail);
  const way = ancestorsOf(mail.to);
  const child = way.find((id) => children.has(id));
  const isBelow = way.includes(here.threadId);
  const carry = child === undefined ? (isBelow ? undefined : parent) : children.get(child);
  return carry === undefined ? 'failed' : carry(mail, timeout);
}

function deliver({ value, from }: Mail): Outcome {
  try {
    return process.emit('workerMessage' as never, value as never, from as never) ? 'delivered' : 'failed';
  } catch {
    return 'errored';
  }
}
