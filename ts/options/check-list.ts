import { invalidOption } from '../errors/worker-error.js';

/** Refuses a value that is no array, or has an element that `isFine` refuses: the error names that element. */
export function checkList(
  name: string,
  value: unknown,
  elements: string,
  element: string,
  isFine: (each: unknown) => boolean,
): asserts value is readonly unknown[] {
  if (!Array.isArray(value)) throw invalidOption(name, `an array of ${elements}`, value);
  // Also those that a sparse array lacks.
  const index = value.findIndex((each) => !isFine(each));
  if (index >= 0) throw invalidOption(`${name}[${index}]`, element, value[index]);
}

/** A copy of a list of strings. */
export function checkStrings(name: string, value: unknown): string[] {
  checkList(name, value, 'strings', 'a string', (each) => typeof each === 'string');
  return [...(value as string[])];
}

/** The list of what a message moves. The runtime refuses an element that cannot move, as `ERR_NOT_SERIALIZABLE`. */
export function checkTransfer(name: string, value: unknown): void {
  if (!Array.isArray(value)) throw invalidOption(name, 'an array of objects', value);
}

/** The list of what the start of a worker moves. */
export function checkStartTransfer(name: string, value: unknown): void {
  checkList(name, value, 'objects', 'an object that can be moved', (each) => typeof each === 'object' && each !== null);
}
