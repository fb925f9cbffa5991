import type { WorkerClient } from 'isolated-workers';

import type { Equal, Expect } from './expect.cjs';
import type { Messages } from './messages.cjs';

export function anyTypeMayBePostedAndReturnsNothing(worker: WorkerClient<Messages>): void {
  const nothing = worker.post('log', { line: 'a' });
  type _ = Expect<Equal<typeof nothing, void>>;
  worker.post('load', { config: 'a' });
}

export function anEmptyPayloadMayBeLeftOut(worker: WorkerClient<Messages>): void {
  worker.post('shutdown');
  // @ts-expect-error
  worker.post('log');
}

export function aPayloadHasExactlyItsProperties(worker: WorkerClient<Messages>): void {
  // @ts-expect-error One is missing.
  worker.post('log', {});
  // @ts-expect-error One has the wrong type.
  worker.post('log', { line: 1 });
  // @ts-expect-error One is too many.
  worker.post('log', { line: 'a', level: 'info' });
  // @ts-expect-error
  worker.post('unload', {});
}
