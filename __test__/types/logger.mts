import { createWorker, defaultLogger } from 'isolated-workers';
import type { Logger, LogLevel } from 'isolated-workers';

import type { Equal, Expect } from './expect.cjs';

export const theConsoleIsALogger: Logger = console;
export const soIsTheDefaultLogger: Logger = defaultLogger;

export type ALevelIsAMethodOrSilence = Expect<Equal<LogLevel, keyof Logger | 'silent'>>;
export type ALoggerHasEveryMethod = Expect<Equal<Logger, Required<Logger>>>;

export function aMessageMayHaveDetails(logger: Logger): void {
  logger.warn('a worker is slow', { ms: 100 }, 'again');
  // @ts-expect-error
  logger.warn({ ms: 100 });
  // @ts-expect-error
  logger.fatal('the end');
}

export async function aFunctionIsNoLogger(): Promise<void> {
  // @ts-expect-error
  await createWorker({ script: './worker.js', logger: (line: string) => console.log(line) });
}
