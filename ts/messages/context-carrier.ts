import { invalidOption, WorkerError } from '../errors/worker-error.js';
import type { Carrier, ContextCarrier } from '../types/context-carrier.js';

/** The longest context as JSON, in characters. */
const LIMIT = 16_384;

/** Returns the context of a message; called at the call of `send`. `undefined`: there is never one. */
export function injector(context: ContextCarrier | undefined): (() => Carrier | undefined) | undefined {
  if (context === undefined) return undefined;
  return () => {
    const carrier = context.inject() as unknown;
    return carrier === undefined || carrier === null ? undefined : copy(carrier);
  };
}

/** A copy of the checked context, which later changes do not reach. */
function copy(carrier: unknown): Carrier {
  if (typeof carrier !== 'object') throw invalidOption('the return value of context.inject()', 'an object', carrier);
  const copied: Carrier = {};
  let length = 2;
  for (const [name, value] of Object.entries(carrier as object)) {
    if (typeof value !== 'string')
      throw invalidOption(`"${name}" in the return value of context.inject()`, 'a string', value);
    copied[name] = value;
    length += JSON.stringify(name).length + JSON.stringify(value).length + 2;
  }
  if (length <= LIMIT) return copied;
  throw new WorkerError(
    'ERR_MESSAGE_TOO_LARGE',
    `the return value of context.inject() has ${length} characters as JSON, the limit is ${LIMIT}. Send it in the payload.`,
  );
}
