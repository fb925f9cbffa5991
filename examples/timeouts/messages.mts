import type { DefineMessages } from 'isolated-workers';

export type Messages = DefineMessages<{
  wait: { payload: void };
  isIdle: { payload: void; result: boolean };
}>;
