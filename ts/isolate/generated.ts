// Made by crates/isolate/tests/generated.rs from crates/isolate/src/boundary.rs: `npm run generate`.

/** The kinds of events. */
export const enum Event {
  Message = 0,
  Output = 1,
  ErrorOutput = 2,
  Load = 3,
  Ended = 4,
  Resolve = 5,
  SharedMessage = 6,
  Notified = 7,
}

/** How an isolate has ended: the first byte of `Event.Ended`. */
export const enum Ended {
  Exit = 0,
  Failed = 1,
  Limit = 2,
  Killed = 3,
  Panicked = 4,
}

/** The limits, by number. */
export const limitNames = ['memoryMb', 'stackKb', 'cpuMsPerMessage', 'cpuMs', 'wallMs', 'maxQueuedBytes'] as const;

/** The bytes in front of an event. */
export const EVENT_HEAD = 5;

/** An isolate has more to do. */
export const RUNNABLE = -1;

/** An isolate has ended. */
export const ENDED = -2;
