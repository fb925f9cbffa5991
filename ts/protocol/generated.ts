// Made by tests/generated.rs from the Rust sources named below: `npm run generate`.

/** The kinds of messages: src/protocol/message.rs and `ValueKind` of src/boundary.rs. */
export const enum Kind {
  Request = 1,
  Result = 2,
  Error = 3,
  Notification = 4,
  Close = 5,
  Startup = 6,
  Fatal = 7,
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
  Grant = 20,
  Ended = 21,
  KeptResult = 22,
  TakenOver = 23,
  Hello = 8,
  Context = 19,
  Unreadable = 40,
  Received = 41,
}

/** The names of the kinds, by number. */
export const KIND_NAMES = new Map<Kind, string>([
  [1, 'request'],
  [2, 'result'],
  [3, 'error'],
  [4, 'notification'],
  [5, 'close'],
  [6, 'startup'],
  [7, 'fatal'],
  [9, 'stream'],
  [10, 'upload'],
  [11, 'duplex'],
  [12, 'cancel'],
  [13, 'progress'],
  [14, 'chunk'],
  [15, 'credit'],
  [16, 'input'],
  [17, 'inputEnd'],
  [18, 'demand'],
  [20, 'grant'],
  [21, 'ended'],
  [22, 'keptResult'],
  [23, 'takenOver'],
  [8, 'hello'],
]);

/** The names of extensions: src/protocol/handshake.rs. */
export const enum Extension {
  Cancel = 'cancel',
  Streams = 'streams',
  Calls = 'calls',
  Context = 'context',
  SharedMemory = 'sharedMemory',
  SharedBuffers = 'sharedBuffers',
  Grants = 'grants',
  Ended = 'ended',
  Detached = 'detached',
}

/** The kinds of records in a batch: src/boundary.rs. */
export const enum RecordKind {
  Result = 1,
  RemoteError = 2,
  TimedOut = 3,
  Request = 4,
  Notification = 5,
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
  Context = 19,
}

/** The kinds of rare events: src/boundary.rs. */
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
  Overflow = 14,
  Writable = 15,
  Broken = 16,
  Ended = 17,
  KeptResult = 18,
  TakenOver = 19,
}

/** How a request has ended for which a thread was blocked: src/boundary.rs. */
export const enum WaitOutcome {
  Result = 1,
  RemoteError = 2,
  TimedOut = 3,
  Refused = 4,
  Lost = 5,
}

/** When a connection keeps the event loop alive: src/boundary.rs. */
export const enum RefMode {
  Never = 0,
  InFlight = 1,
  Always = 2,
}

/** The state of a worker: src/boundary.rs. */
export const enum PulseState {
  Busy = 1,
  Alive = 2,
  Silent = 3,
  Gone = 4,
}

/** The kinds of segments: src/protocol/multipart.rs. */
export const enum SegmentKind {
  Bytes = 0,
  Latin1 = 1,
  Utf16 = 2,
}

/** The version of the protocol. */
export const PROTOCOL = 1;

/** The most bytes of a message type. */
export const TYPE_NAME_LIMIT = 1024;

/** The most bytes of a transaction id. */
export const TRANSACTION_ID_LIMIT = 256;

/** The initial units of each direction of a stream. */
export const STREAM_WINDOW = 64;

/** A chunk costs one more unit for each of this many bytes. */
export const STREAM_UNIT = 16384;

/** The messages that a side may send before the first grant. */
export const GRANT_WINDOW = 4096;

/** The default of `timeout.startup`, in milliseconds. */
export const STARTUP_TIMEOUT = 10000;

/** The default of `timeout.serverConnect`, in milliseconds. */
export const SERVER_CONNECT_TIMEOUT = 30000;

/** The default of `timeout.message`, in milliseconds. */
export const MESSAGE_TIMEOUT = 300000;

/** The first byte of a payload of segments. */
export const SEGMENTS_MARK = 1;

/** The bytes in front of the table of segments. */
export const SEGMENTS_HEAD = 8;

/** The bytes of an entry of that table. */
export const SEGMENTS_ENTRY = 8;

/** Integers in front of the records in shared memory. */
export const HEAD = 6;

/** The integer that is set when Node has delivered messages. */
export const READY_HINT = 4;

/** The integer that is set when a recent batch has taken long. */
export const SLOW_HINT = 5;

/** Integers of a record: kind, two numbers, length of the payload. */
export const RECORD = 4;

/** In place of a length: there is no payload. */
export const NO_PAYLOAD = -1;

/** From this number the length of segments is subtracted. */
export const SEGMENTS = -2;

/** In place of a timeout: the configured one. */
export const CONFIGURED = -1;

/** In place of a slot: nothing was sent. */
export const NO_CAPACITY = 4294967295;

/** In place of a ticket: there is none. */
export const NO_TICKET = -1;

/** The slot of a ticket is its remainder by this. */
export const TICKET_SLOTS = 67108864;

/** The most tickets of one call. */
export const TICKETS = 2048;

/** The digits of a request's number at the end of its id. */
export const ID_DIGITS = 12;

/** Added to the number of a worker's request. */
export const WORKER_NUMBERS = 140737488355328;
