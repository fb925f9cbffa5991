import type { RemoteErrorPayload } from './types/message.js';

/** The message type of an outcome that comes after its asker has left. */
export const KEPT_RESULT = 'isolated-workers:kept-result';
/** The message type of a worker's last word to a host whose place another takes. */
export const TAKEN_OVER = 'isolated-workers:taken-over';

/** What an outcome is on the wire. */
export interface KeptOutcome {
  readonly type: string;
  readonly tx: string;
  readonly result?: unknown;
  readonly error?: RemoteErrorPayload;
}

/** An outcome as it was when it came: what the worker changes later is no part of it. */
export interface Kept extends Pick<KeptOutcome, 'type' | 'tx'> {
  readonly payload: unknown;
}

/** Outcomes of requests whose host has left, up to a bound; the oldest go first. */
export class KeptResults {
  private readonly outcomes: Kept[] = [];

  constructor(private readonly bound: number) {}

  add(outcome: Kept): void {
    this.outcomes.push(outcome);
    if (this.outcomes.length > this.bound) this.outcomes.shift();
  }

  /** All of them; they are kept no longer. */
  take(): Kept[] {
    return this.outcomes.splice(0);
  }
}
