import type { RemoteErrorPayload } from './types/message.js';

/** The message type of an outcome that comes after its asker has left. */
export const KEPT_RESULT = 'isolated-workers:kept-result';

/** What an outcome is on the wire. */
export interface KeptOutcome {
  readonly type: string;
  readonly tx: string;
  readonly result?: unknown;
  readonly error?: RemoteErrorPayload;
}

/** Outcomes of requests whose host has left, up to a bound; the oldest go first. */
export class KeptResults {
  private readonly outcomes: KeptOutcome[] = [];

  constructor(private readonly bound: number) {}

  add(outcome: KeptOutcome): void {
    this.outcomes.push(outcome);
    if (this.outcomes.length > this.bound) this.outcomes.shift();
  }

  /** All of them; they are kept no longer. */
  take(): KeptOutcome[] {
    return this.outcomes.splice(0);
  }
}
