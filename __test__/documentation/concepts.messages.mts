// Core Concepts › The DefineMessages pattern: the messages that the other blocks of this guide speak of.
import type { DefineMessages } from 'isolated-workers';

export type Messages = DefineMessages<{
  load: { payload: { config: string }; result: { loaded: true } };
  compute: { payload: { values: number[] }; result: { sum: number } };
  fetchData: { payload: void; result: unknown };
  log: { payload: { line: string } };
}>;
