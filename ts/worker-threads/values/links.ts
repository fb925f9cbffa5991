// The connections of this process to its host and to its workers, as code needs them that blocks its thread, or reads a port at once.

/** One connection. */
export interface Link {
  /** Whether a port of the program may lead here that nobody has told of. */
  readonly mayLead: boolean;
  /** Handles what the other process has sent by now, before it returns. */
  receive(): void;
  /** Sends what its ports have received, and writes all output; blocks for at most this many milliseconds. */
  send(millis: number): void;
}

/** How long a process that does not read may delay a notification, in milliseconds. */
const SEND_TIMEOUT = 100;

/** The connections that a port of the program leads to. */
const leading = new WeakMap<object, Link>();
/** Those that may have something to send. */
const unsent = new Set<Link>();
/** Workers that have not started: whoever blocks this thread may wait for them. */
const undecided = new Set<() => void>();
const all = new Set<Link>();

export function open(link: Link): void {
  all.add(link);
}

export function close(link: Link): void {
  all.delete(link);
  unsent.delete(link);
}

/** A port of the program leads to another process. */
export function lead(port: object, link: Link): void {
  leading.set(port, link);
}

/** The connections whose messages a port, or a broadcast channel, may give. */
export function linksOf(port: object, isBroadcast: boolean): Iterable<Link> {
  if (isBroadcast) return all;
  const link = leading.get(port);
  return link === undefined ? [...all].filter((each) => each.mayLead) : [link];
}

/** It may have something to send, or not any more. */
export function mark(link: Link, hasUnsent: boolean): void {
  if (hasUnsent) unsent.add(link);
  else unsent.delete(link);
}

/** `decide` starts a worker. Returns what forgets it. */
export function expectDecision(decide: () => void): () => void {
  undecided.add(decide);
  return () => void undecided.delete(decide);
}

export function beforeNotifying(): void {
  for (const decide of undecided) decide();
  for (const link of unsent) link.send(SEND_TIMEOUT);
}

export function beforeBlocking(): void {
  for (const decide of undecided) decide();
  sendUnsent();
}

/** For a blocked thread; whether something is left to send. */
export function sendUnsent(): boolean {
  for (const link of unsent) link.send(0);
  return unsent.size > 0;
}
