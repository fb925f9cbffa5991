import type { DefineMessages } from 'isolated-workers';

export type Messages = DefineMessages<{
  /** Text in, words that occur for the first time out. */
  words: { payload: void; input: string; stream: string; result: { words: number } };
}>;
