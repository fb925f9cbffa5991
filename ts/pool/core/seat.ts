/** A worker as the scheduler sees it. */
export interface Seat {
  /** Where it sits; -1: it gets no further requests. */
  slot: number;
  /** How many requests it runs. */
  inFlight: number;
  /** It gets no requests for the moment: it does not respond. */
  isPaused: boolean;
  /** It runs a suspect, which nothing runs beside. */
  isAlone: boolean;
}
