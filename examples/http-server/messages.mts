import type { DefineMessages } from 'isolated-workers';

/** Jobs that compute: one at a time for each worker. */
export type HashMessages = DefineMessages<{
  hash: { payload: { password: string }; result: string };
}>;

/** Jobs that render text: a page takes long only if somebody sends a long one. */
export type RenderMessages = DefineMessages<{
  render: { payload: { markdown: string }; result: string };
}>;
