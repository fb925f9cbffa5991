import type { DefineMessages } from '../index.js';
import type { CheckedMessages } from './checked-messages.js';
import type { StoreMessages } from './store-handlers.js';

/** The errors that the handlers `fail` and `reject` know how to make. */
export type FailureName =
  | 'Error'
  | 'TypeError'
  | 'RangeError'
  | 'SyntaxError'
  | 'ReferenceError'
  | 'URIError'
  | 'EvalError'
  | 'custom'
  | 'textCode'
  | 'numberCode'
  | 'cause'
  | 'valueCause'
  | 'aggregate'
  | 'properties'
  | 'string'
  | 'object'
  | 'undefined';

/**
 * The messages of `conformanceHandlers`. Whatever is remembered is so under a name, the `room`, which each case makes up
 * for itself: handlers may be shared by workers of one process.
 */
export type ConformanceMessages = DefineMessages<
  {
    /** Answers with its payload. */
    echo: { payload: unknown; result: unknown };
    /** Answers with the kind of its payload: what `typeof` says. */
    kindOf: { payload: unknown; result: string };
    /** Answers with nothing. */
    nothing: { payload: void };
    /** Answers after a while. */
    later: { payload: { ms: number; value: unknown }; result: unknown };
    /** Answers with its payload as JSON, and then changes the payload. */
    spoil: { payload: Record<string, unknown>; result: string };
    /** Answers with one and the same object each time, in which it counts its calls. */
    count: { payload: { room: string }; result: { calls: number } };
    /** Remembers a value. */
    note: { payload: { room: string; value: unknown } };
    /** Answers with the values that were remembered, in order. */
    noted: { payload: { room: string }; result: unknown[] };
    /** Answers with the key when it is released. */
    hold: { payload: { room: string; key: string | number }; result: string | number };
    /** Lets requests that are held be answered, in this order; answers with how many there were. */
    release: { payload: { room: string; keys: (string | number)[] }; result: number };
    /** Remembers the name of the failure and throws it. */
    fail: { payload: { room: string; failure: FailureName } };
    /** Like `fail`, as a rejection. */
    reject: { payload: { room: string; failure: FailureName } };
    /** Answers with a function. */
    unsendable: { payload: void; result: unknown };
    /** Answers with what `getStartupData` gives. */
    startupData: { payload: void; result: unknown };
    /** Answers with the length of the memory and the sum of its bytes. */
    sum: { payload: ArrayBuffer; result: { length: number; sum: number } };
    /** Answers with memory that is moved, and not copied, where it can be. */
    fill: { payload: { length: number; value: number }; result: ArrayBuffer };
    /** Adds to the first integer of the memory. */
    add: { payload: { memory: SharedArrayBuffer; number: number } };
    /** Ends the worker. */
    exit: { payload: number };
    /** Remembers `<key> begun`, ends when its signal is aborted, and remembers `<key> aborted`, or ends when it is released. */
    patient: { payload: { room: string; key: string }; result: string };
    /** Blocks the worker for a while, and heeds nothing. */
    block: { payload: number };
    /** Never ends, and heeds nothing. */
    stubborn: { payload: void };
    /** Tells its progress from 1, then answers with the last. */
    steps: { payload: number; result: number; progress: number };
    /**
     * The numbers from 0, and how many there were as its result. What it has made, and that it has come to its end, is
     * remembered as `made` and `ended` under its key.
     */
    numbers: { payload: NumbersPayload; stream: number | string; result: number };
    /** Answers with a plain value where a stream is expected. */
    noStream: { payload: void; stream: number; result: string };
    /** Answers to a plain request with a stream. */
    wrongStream: { payload: void; result: unknown };
    /** Answers with a readable stream, of Node or of the web; its end is remembered. */
    readable: { payload: { room: string; kind: 'node' | 'web'; count: number }; stream: number };
    /** What was made for `numbers`, and whether it has come to its end. */
    made: { payload: { room: string; key: string }; result: { made: number; ended: boolean } };
    /** Adds its input; reads no more than `most` chunks, and then `wait`s until it is released. */
    total: {
      payload: { room: string; most?: number; hold?: string };
      input: number | string;
      result: { chunks: number; total: number; error?: string };
    };
    /** Each chunk of its input, twice as much. */
    twice: { payload: void; input: number; stream: number; result: number };
    /** Asks the host for the type, and answers with its answer, or with the code of its error. */
    ask: { payload: AskPayload; result: { value?: unknown; name?: string; message?: string; code?: unknown } };
    /** Adds what the host streams; after `most` chunks it leaves. */
    askStream: { payload: { count: number; most?: number }; result: { chunks: number[]; result?: number } };
    /** Streams so many numbers to the host; answers with what that answers. */
    askTotal: { payload: number; result: number };
    /** Posts to the host. */
    tell: { payload: unknown };
    /** Asks the host to ask this worker again, until the depth is 0; answers with how deep it went. */
    ping: { payload: number; result: number };
    /** Answers with what its context has. */
    context: { payload: void; result: { type: string; tx: string | undefined; aborted: boolean; isServer: boolean } };
    /** Sends its payload to the host, which echoes it, and answers with what came back. */
    echoByHost: { payload: unknown; result: unknown };
    /** Streams the elements of its payload. */
    chunks: { payload: readonly unknown[]; stream: unknown; result: number };
    /** Reads its input. */
    collect: { payload: void; input: unknown; result: unknown[] };
  } & CheckedMessages &
    StoreMessages
>;

/** What `numbers` does. */
export interface NumbersPayload {
  readonly room: string;
  readonly key: string;
  /** How many; absent: without an end. */
  readonly count?: number;
  /** It throws after so many. */
  readonly failAfter?: number;
  /** It stops after so many until its signal is aborted. */
  readonly stopAfter?: number;
  /** It ends the worker after so many. */
  readonly exitAfter?: number;
  /** Each is text of so many characters. */
  readonly size?: number;
}

/** What `ask` does. */
export interface AskPayload {
  readonly type: string;
  readonly payload?: unknown;
  readonly timeout?: number;
  /** It aborts its own request after so many milliseconds. */
  readonly abortAfter?: number;
}

/** What workers of the conformance suite ask their host. */
export type ConformanceHostMessages = DefineMessages<{
  /** Answers with its payload. */
  hostEcho: { payload: unknown; result: unknown };
  hostFail: { payload: void; result: void };
  /** Never answers; remembers that its signal was aborted. */
  hostNever: { payload: void; result: void };
  hostNumbers: { payload: number; stream: number; result: number };
  hostTotal: { payload: void; input: number; result: number };
  hostPing: { payload: number; result: number };
  said: { payload: unknown };
  /** It has validators on both sides. */
  hostChecked: { payload: { id: unknown; checked?: boolean }; result: { cents: unknown } };
  /** On whose behalf the host's handler runs. */
  hostStore: { payload: void; result: string };
  hostStores: { payload: void; stream: string };
}>;
