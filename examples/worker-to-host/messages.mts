import type { DefineMessages } from 'isolated-workers';

/** What the host asks its worker. */
export type Messages = DefineMessages<{
  greet: { payload: { ids: number[] }; result: string };
}>;

/** What the worker asks its host. */
export type HostMessages = DefineMessages<{
  nameOf: { payload: { id: number }; result: string };
  missing: { payload: { id: number } };
}>;
