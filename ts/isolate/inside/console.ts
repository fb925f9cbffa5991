// `console`: the lines go to the standard output and error of the host.
import { bridge } from './bridge.js';
import type * as Later from './later/console.js';
import { loadPart } from './load-part.js';

function format(values: readonly unknown[]): string {
  return values
    .map((value) => (typeof value === 'string' ? value : (loadPart('console') as typeof Later).inspect(value)))
    .join(' ');
}

const print =
  (isError: boolean) =>
  (...values: unknown[]): void =>
    bridge.print([isError, format(values)]);

const out = print(false);
const error = print(true);

export const console = {
  log: out,
  info: out,
  debug: out,
  warn: error,
  error,
  trace: error,
  dir: out,
  assert(condition?: unknown, ...values: unknown[]): void {
    if (condition !== true && !condition) error('Assertion failed', ...values);
  },
};
