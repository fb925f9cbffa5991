import type { DefineMessages } from 'isolated-workers';

export type Messages = DefineMessages<{
  parse: { payload: string; result: unknown };
  read: { payload: { file: string }; result: string };
  exit: { payload: { code: number } };
}>;
