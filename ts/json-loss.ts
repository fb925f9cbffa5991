/**
 * Where a value has a function or a symbol, which `JSON.stringify` leaves out without a word; `undefined` if nowhere.
 * For values that have been stringified, so without cycles.
 */
export function findJsonLoss(value: unknown): string | undefined {
  return isLost(value) ? '' : findIn(value);
}

function findIn(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || hasOwnForm(value)) return undefined;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const found = look(value[index]);
      if (found !== undefined) return `[${index}]${found}`;
    }
    return undefined;
  }
  const object = value as Record<string, unknown>;
  for (const key in object) {
    const found = look(object[key]);
    if (found !== undefined && Object.hasOwn(object, key)) return `.${key}${found}`;
  }
  return undefined;
}

function look(value: unknown): string | undefined {
  if (typeof value === 'object') return findIn(value);
  return isLost(value) ? '' : undefined;
}

function isLost(value: unknown): boolean {
  return typeof value === 'function' || typeof value === 'symbol';
}

/** An object that says itself what its JSON is. */
function hasOwnForm(value: object): boolean {
  return typeof (value as { toJSON?: unknown }).toJSON === 'function';
}
