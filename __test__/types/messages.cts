import type { DefineMessages } from 'isolated-workers';

/** The messages that the type tests send. */
export type Messages = DefineMessages<{
  load: { payload: { config: string }; result: { loaded: true } };
  compute: { payload: { values: number[]; label?: string }; result: { sum: number } };
  count: { payload: undefined; result: number };
  log: { payload: { line: string } };
  shutdown: { payload: void };
}>;
