import type { DefineMessages } from 'isolated-workers';

export type Messages = DefineMessages<{
  square: { payload: number; result: number };
  poison: { payload: void };
  charge: { payload: { cents: number } };
}>;
