import type { DefineMessages } from 'isolated-workers';

export type Messages = DefineMessages<{
  mean: { payload: { samples: Float32Array }; result: { mean: number } };
}>;
