import type { Control } from '../protocol/generated.js';
import type { RequestKind } from '../protocol/request-kind.js';
import type { Guarded } from '../util/guard.js';

/**
 * Receives a batch of messages; their kinds and numbers are in the shared records. Returns how many of them it has
 * handled, at least one: the addon delivers the others again; `undefined`: all.
 */
export type OnMessages = Guarded<(count: number, payloads: unknown) => number | undefined>;

/**
 * Receives a rare event. `payload` is the `NativeFailure` of an event that reports one; `detail` a name, or a text for
 * the log; `kind` that of an unknown request.
 */
export type OnControl = Guarded<
  (what: Control, number: number, payload: unknown, detail: string, kind: RequestKind) => void
>;

/** Receives the descriptor of a connection; `null`: the host has ended. */
export type OnStream = Guarded<(fd: number | null) => void>;

/** Receives the descriptor of a peer that waits for one line with the figures of the worker. */
export type OnReport = Guarded<(fd: number) => void>;

/** Receives the outcome of a wait: 0: notified, 1: another value, 2: timed out. */
export type OnWaited = Guarded<(outcome: 0 | 1 | 2) => void>;

/** Schedules `goOn` in the next turn of the event loop. */
export type OnTurnWanted = Guarded<() => void>;
