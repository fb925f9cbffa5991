import { unsupportedByDriver } from '../errors/driver-errors.js';
import { inProcessOptions, processOptions, threadOptions } from '../options/driver-options.js';
import { checkKnown } from '../options/check-known.js';
import type { Known } from '../options/known.js';

const known: Readonly<Record<string, Known>> = {
  child_process: processOptions,
  worker_threads: threadOptions,
  in_process: inProcessOptions,
};

/**
 * The options without those that this driver does not know, and another of the library does.
 *
 * @param others - What those know.
 */
export function ownOptions<T extends object>(driver: string, options: T, others = Object.values(known)): T {
  const own = known[driver as keyof typeof known] as Known;
  const isForeign = (name: string) => !Object.hasOwn(own, name) && others.some((other) => Object.hasOwn(other, name));
  return Object.fromEntries(Object.entries(options).filter(([name]) => !isForeign(name))) as T;
}

/** Refuses options that this driver does not know: they would be ignored without a word. */
export function refuseOptions(driver: keyof typeof known, options: object): void {
  const own = known[driver] as Known;
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || Object.hasOwn(own, name)) continue;
    const able = Object.keys(known).find((other) => Object.hasOwn(known[other] as Known, name));
    if (able !== undefined) throw unsupportedByDriver(driver, `the option \`${name}\``, able);
  }
  checkKnown(`the driver "${driver}"`, options, own, 'driverOptions');
}
