// The memory that is shared with the addon.

/**
 * Integers in front of the records: whether a flush is scheduled, three for what an event or a command tells, and `NEWS`. With
 * one more, what is behind them is aligned for floating-point numbers.
 */
export const HEAD = 6;
/** The one that says whether news have come that Node has brought. */
export const NEWS = 4;
/** Integers of one record: kind, number, second number, length of the payload (-1: none). */
export const RECORD = 4;

/** What the addon tells a batch of messages with. */
export const enum RecordKind {
  Result = 1,
  RemoteError = 2,
  TimedOut = 3,
  Request = 4,
  Notification = 5,
  // The others have the numbers of the wire.
  Stream = 9,
  Upload = 10,
  Duplex = 11,
  Cancel = 12,
  Progress = 13,
  Chunk = 14,
  Credit = 15,
  Input = 16,
  InputEnd = 17,
  Demand = 18,
  /** What comes along with the message of the record behind it. */
  Context = 19,
}

/** What the addon tells everything else with. */
export const enum Control {
  Ready = 1,
  Mismatch = 2,
  HandshakeTimedOut = 3,
  Refused = 4,
  UnknownRequest = 5,
  UnknownNotification = 6,
  Close = 7,
  Dropped = 8,
  End = 9,
  Fatal = 10,
  Room = 11,
  Due = 12,
  InputRefused = 13,
}
