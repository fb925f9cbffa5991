import type { DefineMessages } from 'isolated-workers';

export type Messages = DefineMessages<{
  count: { payload: void; result: { count: number; pid: number } };
}>;
