// sendSync exists where the driver can send to a blocked thread, with the types of send.
import type { DefineMessages, Driver, InProcessDriver, WorkerClient, WorkerThreadsDriver } from 'isolated-workers';

import type { Equal, Expect } from './expect.cjs';

type Messages = DefineMessages<{
  load: { payload: { config: string }; result: { loaded: true } };
  stop: { payload: void };
  tail: { payload: { file: string }; stream: string };
}>;

declare const worker: WorkerClient<Messages>;
declare const thread: WorkerClient<Messages, WorkerThreadsDriver>;
declare const module: WorkerClient<Messages, InProcessDriver>;
declare const some: WorkerClient<Messages, Driver>;

export const loaded = worker.sendSync('load', { config: 'a' }, { timeout: 5 });
export type ItReturnsTheResultItself = Expect<Equal<typeof loaded, { loaded: true }>>;
worker.sendSync('stop');
thread.sendSync('load', { config: 'a' });

// @ts-expect-error A worker in the host's own thread could not answer.
module.sendSync('stop');
// @ts-expect-error Not every driver can.
some.sendSync('stop');
// @ts-expect-error A stream cannot be read by who is blocked.
worker.sendSync('tail', { file: 'a' });
// @ts-expect-error The payload is that of the type.
worker.sendSync('load', { config: 1 });
// @ts-expect-error A signal could not be aborted meanwhile.
worker.sendSync('load', { config: 'a' }, { signal: new AbortController().signal });
