// Drivers: the messages that the blocks of this guide speak of.
import type { DefineMessages } from 'isolated-workers';

export type Messages = DefineMessages<{
  myMessage: { payload: { input: string }; result: { result: string } };
}>;
