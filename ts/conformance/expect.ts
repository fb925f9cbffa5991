import assert from 'node:assert/strict';

import { WorkerError, type WorkerErrorCode } from '../index.js';
import type { ConformanceWorker } from './harness.js';

/** Resolves with the error that a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  const [outcome] = await Promise.allSettled([promise]);
  if (outcome.status === 'fulfilled') assert.fail(`it was expected to reject, and it resolved: ${show(outcome.value)}`);
  assert.ok(outcome.reason instanceof Error, `it rejected with ${show(outcome.reason)}, which is no Error`);
  return outcome.reason as Error & Record<string, unknown>;
}

/** Asserts that a promise rejects with a `WorkerError` of this code whose text has all `words`; resolves with it. */
export async function rejectsWith(
  promise: Promise<unknown>,
  code: WorkerErrorCode,
  ...words: readonly string[]
): Promise<Error & Record<string, unknown>> {
  const error = await rejection(promise);
  checkError(error, code, words);
  return error;
}

/** Asserts that `act` throws at once an error that {@link rejectsWith} would accept. */
export function throwsWith(act: () => void, code: WorkerErrorCode, ...words: readonly string[]): void {
  let thrown: unknown;
  try {
    act();
  } catch (error) {
    thrown = error;
  }
  assert.ok(thrown instanceof Error, `it was expected to throw ${code}, and it did not`);
  checkError(thrown, code, words);
}

function checkError(error: Error, code: WorkerErrorCode, words: readonly string[]): void {
  assert.ok(error instanceof WorkerError, `not a WorkerError of the code ${code}: ${show(error)}`);
  assert.equal(error.code, code, error.message);
  for (const word of words) assert.ok(error.message.includes(word), `"${word}" is missing in: ${error.message}`);
}

/** Asserts that the worker answers a request. */
export async function stillAnswers(worker: ConformanceWorker): Promise<void> {
  assert.deepEqual(await worker.send('echo', { still: 'there' }), { still: 'there' });
}

/** A worker for callers without types. */
export interface Untyped {
  send(type: string, payload?: unknown): Promise<unknown>;
  post(type: string, payload?: unknown): void;
  disconnect(): Promise<void>;
  reconnect(): Promise<void>;
}

export function untyped(worker: ConformanceWorker): Untyped {
  return worker as unknown as Untyped;
}

/** The numbers from 0. */
export function upTo(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}

function show(value: unknown): string {
  return value instanceof Error ? String(value.stack) : (JSON.stringify(value) ?? typeof value);
}
