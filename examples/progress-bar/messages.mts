import type { DefineMessages } from 'isolated-workers';

export type Messages = DefineMessages<{
  hash: { payload: { rounds: number }; result: string; progress: { done: number; of: number } };
}>;
