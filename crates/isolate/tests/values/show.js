// Text of a value, with repeated objects as numbers.
var value, copy, buffer, shared, memory, other;
function show(root) {
  const seen = new Map();
  const of = (value) => {
    if (typeof value === 'string') return JSON.stringify(value);
    if (typeof value === 'bigint') return `${value}n`;
    if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : String(value);
    // A view may have a buffer of its own.
    if (ArrayBuffer.isView(value)) {
      return `${value.constructor.name}(${new Uint8Array(value.buffer, value.byteOffset, value.byteLength)})`;
    }
    if (seen.has(value)) return `#${seen.get(value)}`;
    if (!(value instanceof ArrayBuffer)) seen.set(value, seen.size);
    const kind = value.constructor?.name ?? 'none';
    const members = Object.keys(value).map((key) => `${key}: ${of(value[key])}`);
    if (value instanceof Error) members.push(value.name, value.message, of(value.cause));
    else if (value instanceof Map) for (const [key, member] of value) members.push(`${of(key)} => ${of(member)}`);
    else if (value instanceof Set) for (const member of value) members.push(of(member));
    else if (value instanceof Date) members.push(value.getTime());
    else if (value instanceof RegExp) members.push(String(value));
    else if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) members.push(new Uint8Array(value));
    else if (Array.isArray(value)) members.push(value.length);
    else if (/Number|BigInt|Boolean/.test(kind)) members.push(of(value.valueOf()));
    return `${kind}{${members.join(', ')}}`;
  };
  return of(root);
}
