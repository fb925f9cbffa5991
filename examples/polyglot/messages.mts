import type { DefineMessages } from 'isolated-workers';

export type Messages = DefineMessages<{
  isPrime: { payload: { number: number }; result: { prime: boolean; divisor?: number }; progress: { tried: number } };
  sleep: { payload: { ms: number } };
}>;
