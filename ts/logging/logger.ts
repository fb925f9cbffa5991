import { inspect } from 'node:util';

import { invalidOption } from '../errors/worker-error.js';
import { printableLines } from '../util/printable.js';
import { isError } from '../util/safely.js';
import { isThenable } from '../util/thenable.js';
import type { Logger, LogLevel } from '../types/logger.js';

const levels = ['silent', 'error', 'warn', 'info', 'debug'] as const satisfies readonly LogLevel[];

const write = (message: string, ...details: unknown[]): void => console.error(message, ...details.map(shown));

/** Writes to the standard error, all levels: the standard output belongs to the program. */
export const defaultLogger: Logger = { debug: write, info: write, warn: write, error: write };

/** Errors and texts may come from another process: this escapes control characters, and prevents forged lines. */
function shown(detail: unknown): unknown {
  if (isError(detail)) return printableLines(inspect(detail));
  return typeof detail === 'string' ? printableLines(detail) : detail;
}

/** Logs with a level and the worker's name; ignores errors of the user's logger. */
export type Log = (level: Exclude<LogLevel, 'silent'>, message: string, ...details: unknown[]) => void;

export function createLog(logger: Logger = defaultLogger, logLevel: LogLevel = 'warn', name: string): Log {
  if (typeof logger !== 'object' || logger === null) throw invalidOption('logger', 'an object', logger);
  const limit = levels.indexOf(logLevel);
  if (limit < 0) throw invalidOption('logLevel', `one of ${levels.join(', ')}`, logLevel);
  return (level, message, ...details) => {
    if (levels.indexOf(level) > limit) return;
    // A logger that throws, or rejects, must not affect the program.
    try {
      const result: unknown = logger[level](`[isolated-workers] ${printableLines(`${name}: ${message}`)}`, ...details);
      if (isThenable(result)) result.then(undefined, () => {});
    } catch {
      // See above.
    }
  };
}
