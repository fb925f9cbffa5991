import type { DefineMessages } from 'isolated-workers';

export type Messages = DefineMessages<{
  countPrimes: { payload: { from: number; to: number }; result: { count: number; pid: number } };
}>;
