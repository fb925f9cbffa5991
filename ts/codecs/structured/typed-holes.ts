import { KEEP, replaceIn } from '../../util/replace-in.js';
import type { TypedValue, ValueTypes } from './typed-values.js';

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
  if (types === undefined) throw new Error('this side has no types of values');
  const done = new Map<number, unknown>();
  const open = new Set<number>();
  const replace = (object: object): unknown => (object instanceof TypedHole ? decode(object.number) : KEEP);
  const decode = (number: number): unknown => {
    if (done.has(number)) return done.get(number);
    if (open.has(number)) throw new Error('a typed value is in itself');
    open.add(number);
    const [name, encoded] = typedValueOf(data[number]);
    const type = types.get(name);
    if (type === undefined) throw new Error(`this side has no type of values ${JSON.stringify(name.slice(0, 100))}`);
    const value: unknown = type.decode(replaceIn(encoded, replace));
    done.set(number, value);
    return value;
  };
  return replaceIn(root, replace);
}

function typedValueOf(data: unknown): TypedValue {
  if (!Array.isArray(data) || data.length !== 2 || typeof data[0] !== 'string') {
    throw new Error('the data of a typed value are none');
  }
  return data as unknown as TypedValue;
}
