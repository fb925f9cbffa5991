import type { DefineMessages } from 'isolated-workers';

export type Messages = DefineMessages<{
  area: { payload: { width: number; height: number }; result: { area: number } };
}>;
