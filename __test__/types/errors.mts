import { WorkerCrashedError, WorkerError } from 'isolated-workers';
import type { ShutdownReason, WorkerErrorCode } from 'isolated-workers';

import type { Equal, Expect } from './expect.cjs';

type Exit = Extract<ShutdownReason, { type: 'exit' }>;

export type AnExitHasACodeOrASignal = Expect<
  Equal<[Exit['code'], Exit['signal']], [number | null, NodeJS.Signals | null]>
>;
export type AnErrorIsAnError = Expect<Equal<Extract<ShutdownReason, { type: 'error' }>['error'], Error>>;

export function everyErrorHasACode(error: unknown): string | undefined {
  return error instanceof WorkerError ? error.code : undefined;
}

export function anErrorSaysWhereItBelongs(error: WorkerError): void {
  const { worker, pid, messageType } = error;
  type _ = Expect<
    Equal<[typeof worker, typeof pid, typeof messageType], [string | undefined, number | undefined, string | undefined]>
  >;
}

export function aCrashTellsItsReason(error: unknown): void {
  if (!(error instanceof WorkerCrashedError)) return;
  error satisfies WorkerError;
  error.code satisfies WorkerErrorCode;
  error.messageType satisfies string | undefined;
  error.stderr satisfies readonly string[] | undefined;
  const { phase, attempt, maxAttempts } = error;
  type _ = Expect<Equal<[typeof phase, typeof attempt, typeof maxAttempts], ['startup' | 'running', number, number]>>;
  exhaust(error.reason);
}

function exhaust(reason: ShutdownReason): string {
  switch (reason.type) {
    case 'exit':
      return `${reason.code ?? reason.signal}`;
    case 'error':
      return reason.error.message;
    case 'close':
      // @ts-expect-error An orderly end has no exit code.
      return reason.code;
    default:
      return reason satisfies never;
  }
}
