import type { DefineMessages } from '../index.js';

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
export type ConformanceMessages = DefineMessages<{
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
}>;
