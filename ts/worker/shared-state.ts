import type { HostClient } from './host-client.js';
import type { WorkerChannel } from './worker-channel.js';
import type { Inheritance } from './channels/inheritance.js';
import type { ThreadInheritance } from './channels/thread.js';

/** Raise it when a copy of another version could misread this data. */
const INTERFACE = 1;
const KEY = Symbol.for(`isolated-workers.shared.${INTERFACE}`);
/** Counts the copies, whatever their version. */
const ANY_KEY = Symbol.for('isolated-workers.shared');

/** The shared state of all copies of this package in one thread: one of them finds the host, another may serve it. */
export interface SharedState {
  /** The host's data for this process, or for this thread. */
  process?: Inheritance | undefined;
  thread?: ThreadInheritance | undefined;
  /** The channel of the copy that requested it first. */
  channel?: WorkerChannel | undefined;
  /** The connection of a custom driver. */
  adopted?: WorkerChannel | undefined;
  /** Each finds the worker in this thread whose code is running. */
  readonly inProcess: (() => WorkerChannel | undefined)[];
  readonly served: WeakSet<WorkerChannel>;
  readonly clients: WeakMap<WorkerChannel, HostClient>;
}

export const shared = findState();

/** A copy of the package with another version was loaded first: it has taken the host's data. */
export function isTakenByOther(): boolean {
  const taken = (globalThis as Record<symbol, unknown>)[ANY_KEY];
  return taken !== undefined && taken !== INTERFACE;
}

function findState(): SharedState {
  const holder = globalThis as Record<symbol, unknown>;
  const found = holder[KEY] as SharedState | undefined;
  if (found !== undefined) return found;
  const created: SharedState = { inProcess: [], served: new WeakSet(), clients: new WeakMap() };
  try {
    Object.defineProperty(holder, KEY, { value: created });
    if (holder[ANY_KEY] === undefined) Object.defineProperty(holder, ANY_KEY, { value: INTERFACE });
  } catch {
    // A frozen global object accepts no member: this copy stands alone.
  }
  return created;
}
