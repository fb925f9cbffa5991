import { unsupportedByDriver } from '../errors.js';

/** Refuses options that only another driver knows: they would be ignored without a word. */
export function refuseOptions(driver: string, options: object, names: readonly string[], able: string): void {
  for (const name of names) {
    if ((options as Record<string, unknown>)[name] !== undefined)
      throw unsupportedByDriver(driver, `option \`${name}\``, able);
  }
}
