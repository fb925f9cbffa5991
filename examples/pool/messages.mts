import type { DefineMessages } from 'isolated-workers';

export type Messages = DefineMessages<{
  /** Renders a file of Markdown to a file of HTML. */
  render: {
    payload: { from: string; to: string };
    result: { words: number; bytes: number };
  };
  /** Told to all workers: what each page begins and ends with. */
  frame: { payload: { style: string } };
}>;
