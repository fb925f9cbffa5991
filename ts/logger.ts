import { invalidOption } from './errors.js';
import { isThenable } from './thenable.js';
import type { Logger, LogLevel } from './types/logger.js';

const levels = ['silent', 'error', 'warn', 'info', 'debug'] as const satisfies readonly LogLevel[];

/** Writes to the standard error, all levels: the standard output belongs to the program. */
export const defaultLogger: Logger = {
  debug: (message, ...details) => console.error(message, ...details),
  info: (message, ...details) => console.error(message, ...details),
  warn: (message, ...details) => console.error(message, ...details),
  error: (message, ...details) => console.error(message, ...details),
};

/** What the library logs with: it knows the level and the worker's name, and survives the user's logger. */
export type Log = (level: Exclude<LogLevel, 'silent'>, message: string, ...details: unknown[]) => void;

export function createLog(logger: Logger = defaultLogger, logLevel: LogLevel = 'warn', name: string): Log {
  if (typeof logger !== 'object' || logger === null) throw invalidOption('logger', 'an object', logger);
  const limit = levels.indexOf(logLevel);
  if (limit < 0) throw invalidOption('logLevel', `one of ${levels.join(', ')}`, logLevel);
  return (level, message, ...details) => {
    if (levels.indexOf(level) > limit) return;
    // A logger that throws, or rejects, must not change what the program does.
    try {
      const result: unknown = logger[level](`[isolated-workers] ${name}: ${message}`, ...details);
      if (isThenable(result)) result.then(undefined, () => {});
    } catch {
      // See above.
    }
  };
}
