import { KEEP, replaceIn } from '../../util/replace-in.js';
import { SharedBuffer } from './shared-buffer.js';
import { decodeTyped, typedValueOf, type ValueTypes } from './typed-values.js';

/** Takes the place of such a value until everything is read. */
export class TypedHole {
  constructor(readonly number: number) {}
}

/**
 * Puts values of users' types into the places of their holes. Throws if the data do not fit.
 *
 * @param data - One for each hole.
 */
export function fillHoles(
  root: unknown,
  holes: ReadonlyMap<number, TypedHole>,
  data: unknown,
  types: ValueTypes | undefined,
): unknown {
  if (!Array.isArray(data) || data.length !== holes.size) throw new Error(`${holes.size} typed values have other data`);
  const done = new Map<number, unknown>();
  const open = new Set<number>();
  const replace = (object: object): unknown => {
    if (object instanceof TypedHole) return decode(object.number);
    // It has no members to visit.
    return object instanceof SharedBuffer ? object : KEEP;
  };
  const decode = (number: number): unknown => {
    if (done.has(number)) return done.get(number);
    if (open.has(number)) throw new Error('a typed value is in itself');
    open.add(number);
    const [name, encoded] = typedValueOf(data[number]);
    const value = decodeTyped([name, replaceIn(encoded, replace)], types);
    done.set(number, value);
    return value;
  };
  return replaceIn(root, replace);
}
