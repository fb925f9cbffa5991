import { invalidOption, WorkerError } from './errors.js';
import type { Carrier, ContextCarrier } from './types/context-carrier.js';

/** The longest carrier as JSON, in characters. */
const LIMIT = 16_384;

/** What a message is to take along from here; asked when it is sent. `undefined`: nothing ever. */
export function injector(context: ContextCarrier | undefined): (() => Carrier | undefined) | undefined {
  if (context === undefined) return undefined;
  return () => {
    const carrier = context.inject() as unknown;
    return carrier === undefined || carrier === null ? undefined : copy(carrier);
  };
}

/** It is to be what was checked, whatever becomes of the object. */
function copy(carrier: unknown): Carrier {
  if (typeof carrier !== 'object') throw invalidOption('what context.inject() returns', 'an object', carrier);
  const copied: Carrier = {};
  let length = 2;
  for (const [name, value] of Object.entries(carrier as object)) {
    if (typeof value !== 'string') throw invalidOption(`"${name}" of what context.inject() returns`, 'a string', value);
    copied[name] = value;
    length += JSON.stringify(name).length + JSON.stringify(value).length + 2;
  }
  if (length <= LIMIT) return copied;
  throw new WorkerError(
    'ERR_MESSAGE_TOO_LARGE',
    `what context.inject() returns has ${length} characters as JSON, the limit is ${LIMIT}. Send it in the payload.`,
  );
}
