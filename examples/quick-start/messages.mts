import type { DefineMessages } from 'isolated-workers';

export type Messages = DefineMessages<{
  add: { payload: { a: number; b: number }; result: { sum: number } };
  log: { payload: string };
}>;
