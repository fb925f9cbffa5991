import type { DefineMessages, SharedBuffer } from 'isolated-workers';

export type Messages = DefineMessages<{
  render: { payload: { image: SharedBuffer; from: number; to: number } };
}>;
