import type { DefineMessages } from '../index.js';
import type { CheckedMessages } from './checked-messages.js';
import type { StoreMessages } from './store-messages.js';

/** The errors of the handlers `fail` and `reject`. */
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
 * The messages of `conformanceHandlers`. Handlers store state under a name, the `room`, which each case chooses:
 * workers of one process may share handlers.
 */
export type ConformanceMessages = DefineMessages<
  {
    /** Answers with its payload. */
    echo: { payload: unknown; result: unknown };
    /** Answers with the `typeof` of its payload. */
    kindOf: { payload: unknown; result: string };
    /** Answers with nothing. */
    nothing: { payload: void };
    /** Answers after a delay. */
    later: { payload: { ms: number; value: unknown }; result: unknown };
    /** Answers with its payload as JSON, and then changes the payload. */
    spoil: { payload: Record<string, unknown>; result: string };
    /** Answers with one object each time, in which it counts its calls. */
    count: { payload: { caseId: string }; result: { calls: number } };
    /** Stores a value. */
    note: { payload: { caseId: string; value: unknown } };
    /** Answers with the stored values, in order. */
    noted: { payload: { caseId: string }; result: unknown[] };
    /** Answers with the key when it is released. */
    hold: { payload: { caseId: string; key: string | number }; result: string | number };
    /** Releases held requests, in this order; answers with their number. */
    release: { payload: { caseId: string; keys: (string | number)[] }; result: number };
    /** Stores the name of the failure and throws it. */
    fail: { payload: { caseId: string; failure: FailureName } };
    /** Like `fail`, as a rejection. */
    reject: { payload: { caseId: string; failure: FailureName } };
    /** Answers with a function. */
    unsendable: { payload: void; result: unknown };
    /** Answers with the result of `getStartupData`. */
    startupData: { payload: void; result: unknown };
    /** Answers with the length of the memory and the sum of its bytes. */
    sum: { payload: ArrayBuffer; result: { length: number; sum: number } };
    /** Answers with memory that moves, if the driver moves memory. */
    fill: { payload: { length: number; value: number }; result: ArrayBuffer };
    /** Adds to the first integer of the memory. */
    add: { payload: { memory: SharedArrayBuffer; number: number } };
    /** Ends the worker. */
    exit: { payload: number };
    /** Stores `<key> begun`, ends when its signal aborts, and stores `<key> aborted`, or ends when it is released. */
    patient: { payload: { caseId: string; key: string }; result: string };
    /** Blocks the worker for a while, and ignores its signal. */
    block: { payload: number };
    /** Never ends, and ignores its signal. */
    stubborn: { payload: void };
    /** Reports progress from 1, then answers with the last value. */
    steps: { payload: number; result: number; progress: number };
    /**
     * Yields the numbers from 0, and returns their count. Stores its last number and its end as `made` and `ended`
     * under its key.
     */
    numbers: { payload: NumbersPayload; stream: number | string; result: number };
    /** Answers with a plain value in place of a stream. */
    noStream: { payload: void; stream: number; result: string };
    /** Answers a plain request with a stream. */
    wrongStream: { payload: void; result: unknown };
    /** Answers with a readable stream, of Node or of the web; stores its end. */
    readable: { payload: { caseId: string; kind: 'node' | 'web'; count: number }; stream: number };
    /** The count of `numbers`, and whether it has ended. */
    made: { payload: { caseId: string; key: string }; result: { made: number; ended: boolean } };
    /** Sums its input; reads at most `most` chunks, and then `wait`s until it is released. */
    total: {
      payload: { caseId: string; most?: number; hold?: string };
      input: number | string;
      result: { chunks: number; total: number; error?: string };
    };
    /** Yields each chunk of its input, doubled. */
    twice: { payload: void; input: number; stream: number; result: number };
    /** Calls the host with the type, and answers with its answer, or with the code of its error. */
    ask: { payload: AskPayload; result: { value?: unknown; name?: string; message?: string; code?: unknown } };
    /** Sums the stream of the host; leaves after `most` chunks. */
    askStream: { payload: { count: number; most?: number }; result: { chunks: number[]; result?: number } };
    /** Streams this many numbers to the host; answers with its answer. */
    askTotal: { payload: number; result: number };
    /** Posts to the host. */
    tell: { payload: unknown };
    /** Calls the host, which calls this worker again, until the depth is 0; answers with the depth reached. */
    ping: { payload: number; result: number };
    /** Answers with the members of its context. */
    context: { payload: void; result: { type: string; tx: string | undefined; aborted: boolean; isServer: boolean } };
    /** Sends its payload to the host, which echoes it, and answers with the echo. */
    echoByHost: { payload: unknown; result: unknown };
    /** Streams the elements of its payload. */
    chunks: { payload: readonly unknown[]; stream: unknown; result: number };
    /** Reads its input. */
    collect: { payload: void; input: unknown; result: unknown[] };
  } & CheckedMessages &
    StoreMessages
>;

/** The options of `numbers`. */
export interface NumbersPayload {
  readonly caseId: string;
  readonly key: string;
  /** The count; absent: endless. */
  readonly count?: number;
  /** Throws after this many. */
  readonly failAfter?: number;
  /** Pauses after this many until its signal aborts. */
  readonly stopAfter?: number;
  /** Ends the worker after this many. */
  readonly exitAfter?: number;
  /** Each is text of this many characters. */
  readonly size?: number;
}

/** The options of `ask`. */
export interface AskPayload {
  readonly type: string;
  readonly payload?: unknown;
  readonly timeout?: number;
  /** Aborts its own request after this many milliseconds. */
  readonly abortAfter?: number;
}

/** The calls of workers of the conformance suite to their host. */
export type ConformanceHostMessages = DefineMessages<{
  /** Answers with its payload. */
  hostEcho: { payload: unknown; result: unknown };
  hostFail: { payload: void; result: void };
  /** Never answers; stores that its signal aborted. */
  hostNever: { payload: void; result: void };
  hostNumbers: { payload: number; stream: number; result: number };
  hostTotal: { payload: void; input: number; result: number };
  hostPing: { payload: number; result: number };
  said: { payload: unknown };
  /** It has validators on both sides. */
  hostChecked: { payload: { id: unknown; checked?: boolean }; result: { cents: unknown } };
  /** The user of the host's handler. */
  hostStore: { payload: void; result: string };
  hostStores: { payload: void; stream: string };
}>;
