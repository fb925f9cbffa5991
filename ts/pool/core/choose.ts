import type { QueuedRequest } from './key-queue.js';
import type { Seat } from './seat.js';

/** Chooses one of the workers that have a free place. What it throws refuses the request. */
export type Choose<R extends QueuedRequest, S extends Seat> = (free: readonly S[], request: R) => S;

/** The worker that runs the fewest requests; of several the first. */
export function leastBusy<S extends Seat>(free: readonly S[]): S {
  let best = free[0] as S;
  for (let index = 1; index < free.length; index++) {
    const seat = free[index] as S;
    if (seat.inFlight < best.inFlight) best = seat;
  }
  return best;
}

/** One worker after the other, in the order of their slots. */
export function roundRobin<S extends Seat>(): (free: readonly S[]) => S {
  let last = -1;
  return (free) => {
    const next = free.find(({ slot }) => slot > last) ?? (free[0] as S);
    last = next.slot;
    return next;
  };
}
