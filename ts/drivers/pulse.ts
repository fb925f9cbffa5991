import { PulseState } from '../protocol/generated.js';

/** The state of a worker. */
export interface Pulse {
  readonly state: PulseState;
  /** For `PulseState.Busy`: how many milliseconds its JavaScript has run without a pause; 0: it waits. Else 0. */
  readonly millis: number;
}

/** It lives; no more is known. */
export const ALIVE: Pulse = { state: PulseState.Alive, millis: 0 };
/** It did not answer in time. */
export const SILENT: Pulse = { state: PulseState.Silent, millis: 0 };
/** It has ended. */
export const GONE: Pulse = { state: PulseState.Gone, millis: 0 };

/** @param millis - How long its JavaScript has run without a pause. */
export function busyFor(millis: number): Pulse {
  return { state: PulseState.Busy, millis };
}

/** How many milliseconds its JavaScript has run without a pause; `undefined`: unknown. */
export function busyTime({ state, millis }: Pulse): number | undefined {
  return state === PulseState.Busy ? millis : undefined;
}
