import type { OnControl, OnMessages, OnReport, OnStream, OnTurnWanted, OnWaited } from './callbacks.js';
import type { PulseState, RefMode } from '../protocol/generated.js';
import type { RequestKind } from '../protocol/request-kind.js';

/** The listener of a detached worker. */
export declare class NativeAttachListener {
  /**
   * Accepts hosts, as the options say, until `close`. Calls `onStream` with the descriptor of each connection, and `onReport` with that
   * of each peer that waits for `report`. Throws `ERR_SYSTEM`.
   */
  constructor(options: NativeListenerOptions, debuggers: NativeDebugger, onStream: OnStream, onReport: OnReport);
  /** A host has left: the first one, or one that `onStream` reported; once for each. */
  leave(): void;
  /** Writes one line, of at most 256 bytes, to a peer that `onReport` has reported, and closes its descriptor. */
  static report(fd: number, text: string): void;
  /** Accepts no further host, for ever; `false`: one is connected, or its descriptor is about to be reported. */
  close(): boolean;
}

/** A host's connection to a detached worker. */
export declare class NativeAttachment {
  /**
   * Connects to the worker that listens at `path`, which may take `patience` milliseconds to answer; 0: no limit.
   * `purpose`: `messages`, `take-over` or `lifeline`. Resolves with the connection or the failure, never rejects.
   * Blocks no thread that other work needs.
   */
  static connect(
    path: string,
    token: string,
    purpose: 'messages' | 'take-over' | 'lifeline',
    patience: number,
  ): Promise<NativeAttachment | NativeFailure>;
  /** Asks the worker that listens at `path` for its figures: one line, which is empty if it has none yet. Else as `connect`. */
  static report(path: string, token: string, patience: number): Promise<string | NativeFailure>;
  /** The worker's process id. */
  get pid(): number;
  /** Closes all descriptors. */
  letGo(): void;
  /** Sends its process a signal, by number; `false`: it has ended. */
  signal(signal: number): boolean;
  /** The host's end of the connection for messages; once. */
  pair(): NativePair;
  /** The host's end of the lifeline; once. */
  lifeline(): NativeLifeline;
}

/** One side of one connection. Payloads are the output of the serializer: text or bytes; `undefined` for none. */
export declare class NativeConnection {
  /** The host's side of a pair. `startupData` is JSON text. */
  static host(
    environment: NativeEnvironment,
    pair: NativePair,
    options: NativeOptions,
    startupData: string | undefined,
    onMessages: OnMessages,
    onControl: OnControl,
  ): NativeConnection;
  /** The worker's side, from the descriptor that this process inherited. It reads nothing yet. */
  static worker(environment: NativeEnvironment, fd: number): NativeConnection;
  /** Blocks until the start-up data arrive; returns them once, as JSON text. Throws `ERR_CONNECT_TIMEOUT`. */
  readStartupData(timeout: number): string | null;
  /** Starts to serve. The next `takeTurn()` delivers the first messages. */
  serve(options: NativeOptions, onMessages: OnMessages, onControl: OnControl): void;
  /** The transaction id of a request in flight. */
  transactionId(slot: number): string | null;
  /** Ends a transaction without an outcome; returns whether there was one. */
  cancel(slot: number): boolean;
  /** Ends all transactions without an outcome; returns their slots, oldest first. */
  failAll(): Array<number>;
  /** Answers a request of the peer with an error, as JSON text. `false`: as for `respondCommand`. */
  fail(call: number, error: string): boolean;
  /** The transaction id of a request of the peer that has no answer yet. */
  callTransactionId(call: number): string | null;
  /** Handles all messages that have arrived, before it returns. */
  drain(): void;
  /** Handles arrived messages for as long as a turn of the event loop may take; the rest follows in later turns. */
  takeTurn(): void;
  /**
   * Handles all messages that have arrived, also in the middle of a delivery; of a message that has begun to arrive it
   * waits for the rest, for at most this many milliseconds. `isWhole`: no record of that delivery was left for later.
   */
  receiveNow(timeout: number, isWhole: boolean): void;
  /**
   * Like `drain`, for as long as a turn of the event loop may take; the rest follows in later turns. Returns whether
   * all messages that had arrived at the first call are handled.
   */
  drainSome(): boolean;
  /** Writes all output, blocking for at most this many milliseconds. */
  flushBlocking(timeout: number): void;
  /** Whether the connection keeps the event loop alive. */
  setRefMode(mode: RefMode): void;
  /** Bytes queued for the socket, or for a grant of the peer. Bytes already copied to shared memory count as written. */
  get pendingBytes(): number;
  /** Requests `Control.Capacity` as soon as no more than half of the bound waits. */
  requestCapacity(): void;
  /**
   * Call it from a `Control.Due` callback to postpone expiry (a debugger may have stopped one side). The
   * connection's clock stops until a `Control.Due` in which this is not called; due requests then restart with their
   * full timeout, all others resume.
   */
  hold(): void;
  /**
   * Reports delivered messages of the peer, and their bytes, that wait for their handlers to begin: the peer is
   * granted less.
   */
  setWaiting(messages: number, bytes: number): void;
  /** How many requests of this side wait for their outcome. */
  get inFlight(): number;
  /** The most bytes of a message of this side. */
  get messageLimit(): number;
  /** Whether both handshakes are done and the connection has not ended. */
  get isReady(): boolean;
  /** Closes the connection at once. It reports nothing afterwards. */
  close(): void;
  /**
   * A function that sends a request; returns its slot, or `NO_CAPACITY` if too much output waits: then it began
   * nothing.
   */
  get requestCommand(): (messageType: string, payload: unknown, timeout: number) => number;
  /**
   * A function that begins a transaction whose message, of this kind, follows with `submitCommand`; returns its
   * slot. Without an id it generates a random one.
   */
  get reserveCommand(): (messageType: string, tx: string | undefined, timeout: number, kind: RequestKind) => number;
  /**
   * A function that sends the message of a transaction, unless it has ended meanwhile; `false` if too much output
   * waits.
   */
  get submitCommand(): (slot: number, messageType: string, payload: unknown) => boolean;
  /** A function that sets the context of later messages, a JSON object of strings. */
  get setContextCommand(): (context: string | undefined) => void;
  /** A function that sends a notification; `false` if too much output waits. */
  get postCommand(): (messageType: string, payload: unknown) => boolean;
  /** A function that sends the host the outcome of a request of an earlier host. */
  get keptResultCommand(): (payload: unknown) => void;
  /**
   * A function that answers a request of the peer. It returns `false` if too much output waits: `Control.Writable`
   * then follows.
   */
  get respondCommand(): (call: number, payload: unknown) => boolean;
  /**
   * A function that sends a chunk of a request's input. It returns the chunk's cost in units; negative if too much
   * output waits: `Control.Writable` then follows.
   */
  get inputCommand(): (slot: number, payload: unknown) => number;
  /** A function that sends a chunk of a call's outcome. Like `inputCommand`. */
  get chunkCommand(): (call: number, payload: unknown) => number;
  /**
   * Asks the peer whether a request that was cancelled has ended, by its transaction id; returns the slot of the
   * question.
   */
  askEnded(tx: string): number;
  /** Tells the host that another host takes over. */
  sendTakenOver(): void;
  /** Whether the host accepts kept results. */
  get acceptsKeptResults(): boolean;
  /** Sends the host the error that ends this worker, as JSON text. */
  sendFatal(error: string): void;
  /** Asks the worker to stop, after all earlier messages. */
  askToClose(): void;
  /** Like `cancel`; also tells the peer that this side no longer waits for the outcome. */
  abort(slot: number): boolean;
  /** Grants this many more units of chunks. */
  credit(slot: number, units: number): void;
  /** Ends a request's input; with an error, as JSON text, if its source failed. */
  endInput(slot: number, error?: string | undefined | null): void;
  /** Reports progress of a call. */
  progress(call: number, payload: unknown): void;
  /** Grants this many more units of input; 0: the handler wants no more. */
  demand(call: number, units: number): void;
  /**
   * Blocks this thread until a request has its outcome. Returns its payload; the failure for
   * `WaitOutcome.Refused`; the error of the peer, if known, for `WaitOutcome.Lost`. The head of the shared memory
   * has the `WaitOutcome`, the timeout in milliseconds, and whether other messages arrived, which the next
   * `takeTurn()` delivers. Requests of the peer fail with `ERR_HOST_BLOCKED` meanwhile.
   */
  waitFor(slot: number): Buffer | string | NativeFailure | undefined;
  /** How a child process has ended, without reaping it; `null` if unknown. Waits at most `timeout` milliseconds. */
  static exitOf(pid: number, timeout: number): NativeExit | null;
}

/** Reports to the hosts of this worker. At a breakpoint no JavaScript could. */
export declare class NativeDebugger {
  constructor();
  /** A debugger may stop this worker from now on, or no longer. */
  set(isThere: boolean): void;
}

/** The addon for one JavaScript thread. */
export declare class NativeEnvironment {
  /**
   * `memory` is backed by a `SharedArrayBuffer`, aligned to 4 bytes: it carries events as integers. `engine` is `uv`
   * or `tokio`; `uv` becomes `tokio` where it cannot run. With `busy_poll` the thread spins before it blocks, if
   * that has been profitable.
   */
  constructor(memory: Buffer, engine: string, busyPoll: boolean);
  /** The engine in use. */
  get engine(): string;
  /**
   * From now on the thread may also spin for messages that Node delivers, after JavaScript has set the fifth integer
   * of the shared memory.
   */
  watchTurns(): void;
  /**
   * Call it before the thread blocks until an integer of shared memory changes: spins for a moment, if that has been
   * profitable. Call `endWait` when it has changed.
   */
  spinWait(memory: Buffer, index: number, value: number): void;
  /** The thread is ready: ends the measurement of the wait. */
  endWait(): void;
  /** How often this thread has polled instead of sleeping. */
  get busyPolls(): number;
  /**
   * From now on connections leave work that takes longer than a part of a turn of the event loop to the next one:
   * `schedule` calls `goOn` in it.
   */
  shareLoop(schedule: OnTurnWanted): void;
  /** The next turn of the loop has begun. */
  goOn(): void;
  /** For a thread that is blocked: writes all output, and reads what has arrived, which is delivered later. */
  keepMoving(): void;
  /** A function that writes all output of this tick. */
  get flushCommand(): () => void;
  /**
   * From now on the pool reuses memory of large results. `transfer` is that of `ArrayBuffer.prototype`, if the
   * runtime has it: its results can be transferred to threads. The memory ends with this thread, which must outlive
   * those: call it in the main thread.
   */
  recycle(transfer?: () => ArrayBuffer): void;
}

/** The host's end of a lifeline, and the worker's too until the worker has it. */
export declare class NativeLifeline {
  /** Throws `ERR_SYSTEM` if no file descriptors are left. */
  constructor(environment: NativeEnvironment);
  /** The descriptor for the child's `stdio`. Throws `ERR_SYSTEM` after it was closed. */
  get childFd(): number;
  /** Sends a detached worker its token, before its start. */
  giveToken(token: string): void;
  /** Where the child finds its end; `null`: it inherits the descriptor. */
  get childAddress(): string | null;
  /**
   * The child has started: closes this process's copy of what the child has inherited. Otherwise this process would
   * not notice the end of the child.
   */
  childStarted(): void;
  /**
   * Pings the worker. Returns `null`, or the state that made it impossible: the worker has not read the previous
   * ping, or has ended.
   */
  ping(): NativePulse | null;
  /** The answer to the last ping, once. */
  pulse(): NativePulse;
  /** Whether a debugger may stop the worker, according to its reports. */
  get isDebugged(): boolean;
  /** The resident bytes of an ended worker that exceeded its limit; `null` if it did not. */
  report(): number | null;
  /** Passes the worker the child's end of a new pair, and closes it here. */
  pass(pair: NativePair): void;
  /** Closes the rest of both ends: an undetached worker takes this for its host's death. */
  close(): void;
  /**
   * In a worker: watches its end, which this process inherited, on a separate thread. Calls `onStream` with the
   * descriptor of each new connection, and with `null` when the host has ended; kills a worker that still runs 600 ms
   * after that, with `killGroup` together with its process group. `uv`: the runtime has the real libuv. Returns the
   * token of a detached worker.
   */
  static guard(fd: number, options: GuardOptions, debuggers: NativeDebugger, onStream: OnStream): string | null;
}

/**
 * Both ends of a new connection. The facade passes the child's end to the process that it starts, then closes it here,
 * and makes a connection of the host's end.
 */
export declare class NativePair {
  /** Throws `ERR_SYSTEM` if no file descriptors are left. */
  constructor();
  /** The descriptor for the child's `stdio`. Throws `ERR_SYSTEM` after it was closed. */
  get childFd(): number;
  /** In a worker: child processes do not inherit the descriptor, which is the worker's end. */
  static keepFromChildren(fd: number): void;
  /** Where the child finds its end; `null`: it inherits the descriptor. */
  get childAddress(): string | null;
  /** In a worker: the process id of the host at the other end of the descriptor, if the kernel tells it. */
  static peer(fd: number): number | null;
  /**
   * The child has started: closes this process's copy of what the child has inherited. Otherwise this process would
   * not notice the end of the child.
   */
  childStarted(): void;
  /**
   * In a worker: opens the worker's end by its address. Returns the number for everything that takes a descriptor.
   * Throws `ERR_SYSTEM`.
   */
  static open(address: string): number;
  /** Closes the rest of both ends. */
  close(): void;
}

/** A handle of a process: a later process with its number receives no signal. */
export declare class NativeProcess {
  /**
   * The process with this number now; call it while that is certain. It may have ended. `leads`: it has a group of its
   * own, whose members are those that it starts; `outlives`: they may outlive this process.
   */
  constructor(pid: number, leads: boolean, outlives: boolean);
  /** Sends it a signal, by number; `false`: it has ended. */
  signal(signal: number): boolean;
  /** Sends a signal to its group; `false`: the group has no members. */
  signalGroup(signal: number): boolean;
  /** Releases it: sends no more signals. */
  close(): void;
}

/**
 * The requests in flight of a connection that moves JavaScript values. Byte connections use this kind of table too;
 * the facade sends the messages and reports the answers.
 */
export declare class NativeRequests {
  /**
   * Only the timeouts of the options matter. If the other side has a table too, pass its `idBase`: the ids of this
   * one share it, and their numbers start at 2^47.
   */
  constructor(environment: NativeEnvironment, options: NativeOptions, idBase?: string | undefined | null);
  /**
   * Begins a transaction; returns its ticket, whose remainder by 2^26 is its slot. Without an id it generates one
   * that begins with `idBase` and ends in its number. A negative timeout is the configured one.
   */
  begin(messageType: string, tx: string | undefined | null, timeout: number): number;
  /**
   * A function that first ends the transactions of some tickets, then begins some with generated ids and the general
   * timeout. The head of the shared memory has their numbers; the tickets follow it in both directions, as
   * floating-point numbers, at most 2,048. It ignores a ticket whose transaction has already ended.
   */
  get exchange(): () => void;
  /** Ends the transaction with this id; returns its slot, unless it has already ended. */
  finishById(tx: string): number | null;
  /** The slot of the transaction with this id, which stays in flight, unless it has already ended. */
  slotById(tx: string): number | null;
  /** Restarts the timeout of a transaction. */
  extend(slot: number): void;
  /** Suspends the deadline of a transaction until `extend`. */
  pause(slot: number): void;
  /** The transaction id of a request in flight. */
  transactionId(slot: number): string | null;
  /** Ends a transaction without an outcome; returns whether there was one. */
  cancel(slot: number): boolean;
  /** Ends all transactions without an outcome; returns their slots, oldest first. */
  failAll(): Array<number>;
  /**
   * Call it instead of `expire` to postpone expiry: the clock stops until the next `expire`. Due requests then
   * restart with their full timeout, all others resume.
   */
  hold(): void;
  /** Ends due transactions; returns their slots and timeouts in milliseconds, alternately. */
  expire(): Array<number>;
  /** Milliseconds until the next deadline or check, if there is one. */
  nextDeadline(): number | null;
  /** How many requests wait for their outcome. */
  get inFlight(): number;
  /**
   * The beginning of all generated ids: 24 characters, up to the last hyphen. The rest is the request's number in
   * hexadecimal.
   */
  get idBase(): string;
}

/** Memory that several processes map. It is unmapped when JavaScript has collected it. */
export declare class NativeSharedMemory {
  /** New memory, all zeros. */
  constructor(size: number);
  /** The size in bytes. */
  get byteLength(): number;
  /** A copy of `length` bytes at `offset`; throws if they are not within the memory. */
  read(offset: number, length: number): Buffer;
  /** Copies bytes to `offset`; throws if they do not fit. */
  write(bytes: Uint8Array, offset: number): void;
  /** The memory as a `SharedArrayBuffer`; `null` if the runtime makes none of external memory. */
  toSharedArrayBuffer(): SharedArrayBuffer | null;
  /**
   * The memory that a view shows from its first byte to the last, if `toSharedArrayBuffer` has made its `SharedArrayBuffer`, in
   * any thread of this process; else `null`.
   */
  static behind(bytes: Uint8Array): Self | null;
  /**
   * Blocks this thread while the word of 32 bits has this value, until somebody notifies it, for at most `timeout`
   * milliseconds.
   */
  wait(index: number, expected: number, timeout: number): 'ok' | 'not-equal' | 'timed-out';
  /**
   * Like `wait`, on a thread of its own: `done` receives the outcome, 0: notified, 1: another value, 2: timed out. It does not keep
   * the event loop alive.
   */
  waitLater(index: number, expected: number, timeout: number, done: OnWaited): void;
  /** Wakes threads of any process that wait for the word, at most `count`; returns their number. */
  notify(index: number, count: number): number;
  /** Like `wait`, for a word of a view of a `SharedArrayBuffer`. */
  static waitAt(words: Int32Array, index: number, expected: number, timeout: number): 'ok' | 'not-equal' | 'timed-out';
  /** Like `notify`, for a word of a view of a `SharedArrayBuffer`. */
  static notifyAt(words: Int32Array, index: number, count: number): number;
}

/** A named socket for a worker that is about to start. */
export declare class NativeSocket {
  /**
   * Listens at `path` for this user alone, and writes the token beside it. Removes the files of a dead worker there;
   * `sweep`: in the whole directory. Throws `ERR_WORKER_OCCUPIED` if a live worker listens, `ERR_INVALID_OPTION` if
   * the path has another file, `ERR_SYSTEM`.
   */
  constructor(path: string, token: string, sweep: boolean);
  /** Removes the files of an ended worker at `path`, unless the token belongs to another. Throws `ERR_SYSTEM`. */
  static remove(path: string, token: string): boolean;
  /** The descriptor for the child's `stdio`. Throws `ERR_SYSTEM` after it was closed. */
  get fd(): number;
  /** Where the child finds it; `null`: it inherits the descriptor. */
  get childAddress(): string | null;
  /**
   * In a worker: listens at an address, with the worker's token. Returns the number for `NativeAttachListener`. Throws
   * `ERR_SYSTEM`.
   */
  static open(address: string, token: string): number;
  /** The file with the token of the worker at `path`. */
  static tokenFile(path: string): string;
  /**
   * The child has started: closes this process's copy of what the child has inherited. Otherwise this process would
   * not notice the end of the worker.
   */
  childStarted(): void;
  /** Closes the rest. */
  close(): void;
}

/** The saved modes of the terminal of the standard input. */
export declare class NativeTerminal {
  /** Saves its modes; `null` if the standard input is not a terminal. */
  static save(): NativeTerminal | null;
  /** Restores the saved modes. */
  restore(): void;
}

/** The guards of a worker. */
export interface GuardOptions {
  /** The death of the host ends the whole process group. */
  killGroup: boolean;
  /** The runtime has the real libuv. */
  uv: boolean;
  /** The worker outlives its host. */
  detached: boolean;
  /** The most bytes of resident memory. */
  maxRss?: number;
  /** The most seconds of processor time. */
  maxCpuSeconds?: number;
  /** The most file descriptors. */
  maxOpenFiles?: number;
  /** The scheduling priority. */
  nice?: number;
}

/** How a process has ended. */
export interface NativeExit {
  /** Its exit code. */
  code?: number;
  /** The number of the signal that ended it. */
  signal?: number;
}

/** A failure that the addon reports instead of throwing it. */
export interface NativeFailure {
  /** The stable code that users switch on. */
  code: string;
  /** The text for users. */
  message: string;
  /** Of a mismatch of serializers: what each side uses, without the advice at the end of the text. */
  difference?: string;
}

/** What a listener accepts. */
export interface NativeListenerOptions {
  /** The listening socket that this process inherited. */
  fd: number;
  /** The token that a host must know. */
  token: string;
  /** The most hosts that may be connected at once. */
  maxHosts: number;
  /** The runtime has the real libuv. */
  uv: boolean;
}

/** The settings of both sides of a connection. Durations are in milliseconds; 0 and Infinity mean none. */
export interface NativeOptions {
  /** The serializer's name. */
  serializer: string;
  /** The end of a frame; without it payloads are binary and frames length-prefixed. */
  terminator?: string;
  /**
   * Payloads are plain JSON: a batch delivers them as one JSON array. Without a terminator they are JSON or arrays
   * of segments.
   */
  json: boolean;
  /** This side accepts a context with requests and notifications. */
  context: boolean;
  /** Large segments of payloads may use shared memory, if the system has it. */
  sharedMemory: boolean;
  /** This side passes and accepts shared buffers: memory that the other side may write at any time. */
  sharedBuffers: boolean;
  /** The thread may spin before it blocks, for this connection. */
  busyPoll: boolean;
  /** The message types with handlers on this side, in the order of their numbers. */
  handlers: Array<string>;
  /** The largest frame in bytes. */
  maxMessageSize: number;
  /** The most bytes that may wait to be written; Infinity: no limit. */
  maxPendingBytes: number;
  /** The most handlers of this side that run at once. */
  maxConcurrency: number;
  /** How long a worker may take to start serving. */
  startupTimeout: number;
  /** How long a worker waits for its host's handshake. */
  serverConnectTimeout: number;
  /** How long a request may take. */
  messageTimeout: number;
  /** The message types with their own timeouts. */
  timeoutTypes: Array<string>;
  /** Their timeouts, in this order. */
  timeoutMillis: Array<number>;
}

/** The state of a worker according to its lifeline. */
export interface NativePulse {
  /** A `PulseState`. */
  state: PulseState;
  /** For `PulseState.Busy`: how many milliseconds its JavaScript has run without a pause; 0: it waits. Else 0. */
  millis: number;
}
