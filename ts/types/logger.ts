/**
 * Receives log lines; `console` is one. The library ignores errors that a logger throws.
 *
 * @example `createWorker({ script, logger: console, logLevel: 'debug' })`
 */
export interface Logger {
  debug(message: string, ...details: unknown[]): void;
  info(message: string, ...details: unknown[]): void;
  warn(message: string, ...details: unknown[]): void;
  error(message: string, ...details: unknown[]): void;
}

/** The least severe level that is logged, from none to everything. Default: `'warn'`. */
export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';
