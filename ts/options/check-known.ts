import { ANY, type Known } from './known.js';
import type * as UnknownOption from './unknown-option.js';

/**
 * Refuses options that an operation does not know, at every depth: it would ignore them without a word. Options that are
 * `undefined` are left out. Where all names are known and none has members, it allocates nothing.
 *
 * @param near - Where the error looks for the nearest name.
 * @throws `ERR_INVALID_OPTION`.
 */
export function checkKnown(operation: string, options: object, known: Known, path = '', near: Known = known): void {
  for (const name in options) {
    if (known[name] !== true) checkMember(operation, options, name, known, path, near);
  }
}

function checkMember(operation: string, options: object, name: string, known: Known, path: string, near: Known): void {
  // A program may have given all objects a member more.
  if (!Object.hasOwn(options, name)) return;
  const value = (options as Record<string, unknown>)[name];
  if (value === undefined) return;
  const members = Object.hasOwn(known, name) ? known[name] : known[ANY];
  if (members === undefined) {
    throw (require('./failures.cjs') as typeof UnknownOption).unknownOption(operation, name, path, near);
  }
  if (members === true || typeof value !== 'object' || value === null) return;
  checkKnown(operation, value, members, path === '' ? name : `${path}.${name}`);
}
