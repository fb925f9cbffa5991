import type { DefineMessages } from 'isolated-workers';

import type { Finished } from './tracing.mjs';

export type Messages = DefineMessages<{
  resize: { payload: { image: string }; result: { thumbnail: string } };
  /** The spans of the worker that have ended. */
  spans: { payload: void; result: Finished[] };
}>;

export type HostMessages = DefineMessages<{
  load: { payload: { image: string }; result: string };
}>;
