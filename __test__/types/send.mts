import type { MessageTypeOf, PayloadOf, ResultPayloadOf, WorkerClient } from 'isolated-workers';

import type { Equal, Expect } from './expect.cjs';
import type { Messages } from './messages.cjs';

export async function thePayloadAndTheResultAreInferredFromTheType(worker: WorkerClient<Messages>): Promise<void> {
  const loaded = await worker.send('load', { config: 'a' });
  const computed = await worker.send('compute', { values: [1, 2] }, { timeout: 100 });
  const nothing = await worker.send('log', { line: 'a' });
  type Results = [typeof loaded, typeof computed, typeof nothing];
  type _ = Expect<Equal<Results, [{ loaded: true }, { sum: number }, void]>>;
}

export async function anEmptyPayloadMayBeLeftOut(worker: WorkerClient<Messages>): Promise<void> {
  await worker.send('shutdown');
  await worker.send('shutdown', undefined, { timeout: 100 });
  const count = await worker.send('count');
  type _ = Expect<Equal<typeof count, number>>;
}

export function aPayloadThatIsNeededMayNotBeLeftOut(worker: WorkerClient<Messages>): void {
  // @ts-expect-error
  void worker.send('load');
  // @ts-expect-error
  void worker.send('load', undefined);
  // @ts-expect-error An empty payload is not any payload.
  void worker.send('shutdown', { now: true });
}

export function aPayloadHasExactlyItsProperties(worker: WorkerClient<Messages>): void {
  // @ts-expect-error One is missing.
  void worker.send('load', {});
  // @ts-expect-error One has the wrong type.
  void worker.send('load', { config: 1 });
  // @ts-expect-error One is too many.
  void worker.send('load', { config: 'a', verbose: true });
  // @ts-expect-error The payload of another type.
  void worker.send('compute', { config: 'a' });
}

export async function aResultHasOnlyItsProperties(worker: WorkerClient<Messages>): Promise<void> {
  const result = await worker.send('compute', { values: [] });
  // @ts-expect-error
  result.product;
  // @ts-expect-error
  result.sum satisfies string;
}

export function anUnknownTypeOrOptionIsRejected(worker: WorkerClient<Messages>): void {
  // @ts-expect-error
  void worker.send('unload', { config: 'a' });
  // @ts-expect-error Names that every object inherits are no message types.
  void worker.send('constructor');
  // @ts-expect-error
  void worker.send('load', { config: 'a' }, { timeOut: 100 });
  // @ts-expect-error
  void worker.send('load', { config: 'a' }, { timeout: '100' });
}

export function aWrapperMayLeaveTheTypeOpen<K extends MessageTypeOf<Messages>>(
  worker: WorkerClient<Messages>,
  type: K,
  payload: PayloadOf<Messages, K>,
): Promise<ResultPayloadOf<Messages, K>> {
  return worker.send(type, payload, { timeout: 100 });
}

export async function aWorkerWithoutMessageTypesTakesAnything(worker: WorkerClient): Promise<void> {
  const result = await worker.send('anything', { at: 'all' });
  type _ = Expect<Equal<typeof result, unknown>>;
  await worker.send('anything');
}
