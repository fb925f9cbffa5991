import { invalidOption } from '../errors/worker-error.js';
import type { RemoteErrorPayload } from '../types/message.js';

/** How many outcomes a detached worker, and a host without listeners, keep by default. */
export const DEFAULT_KEPT = 100;

/** The option `keepResults`. */
export function checkKeepResults(keepResults: unknown): number {
  if (typeof keepResults === 'number' && keepResults >= 0) return keepResults;
  throw invalidOption('keepResults', 'a number, 0 or more', keepResults);
}

/** An outcome on the wire. */
export interface KeptOutcome {
  readonly type: string;
  readonly tx: string;
  readonly result?: unknown;
  readonly error?: RemoteErrorPayload;
}

/** An outcome, encoded: later changes of the worker do not reach it. */
export interface Kept extends Pick<KeptOutcome, 'type' | 'tx'> {
  readonly payload: unknown;
}

/** An outcome that a peer has sent; `undefined`: it has another form. */
export function readKept(outcome: unknown): KeptOutcome | undefined {
  if (typeof outcome !== 'object' || outcome === null) return undefined;
  const { type, tx } = outcome as Partial<KeptOutcome>;
  return typeof type === 'string' && typeof tx === 'string' ? (outcome as KeptOutcome) : undefined;
}

/** Outcomes of requests whose host has left, up to a limit; the oldest are dropped first. */
export class KeptResults {
  private readonly outcomes: Kept[] = [];

  constructor(private readonly bound: number) {}

  add(outcome: Kept): void {
    this.outcomes.push(outcome);
    if (this.outcomes.length > this.bound) this.outcomes.shift();
  }

  /** Removes and returns all of them. */
  take(): Kept[] {
    return this.outcomes.splice(0);
  }
}
