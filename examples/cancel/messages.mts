import type { DefineMessages } from 'isolated-workers';

export type Messages = DefineMessages<{
  search: { payload: { text: string }; result: string };
  compute: { payload: void };
  seen: { payload: void; result: string[] };
}>;
