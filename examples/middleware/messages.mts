import type { DefineMessages } from 'isolated-workers';

export type Messages = DefineMessages<{
  transfer: { payload: { account: string; cents: number }; result: { balance: number } };
}>;
