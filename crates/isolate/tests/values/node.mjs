// Compares values of `cases.txt` with bytes: reads lines `expression<TAB>hex` and answers, for each, whether the bytes are
// those of the value, and the bytes that Node writes, with its `DefaultSerializer` and with a plain `Serializer`.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import v8 from 'node:v8';

for (const line of readFileSync(0, 'utf8').split('\n')) {
  if (line === '') continue;
  const [expression, hex] = line.split('\t');
  const value = (0, eval)(`(${expression})`);
  console.log([differenceOf(value, hex), v8.serialize(value).toString('hex'), plain(value)].join('\t'));
}

/** Empty where this version of Node cannot. */
function plain(value) {
  const serializer = new v8.Serializer();
  serializer.writeHeader();
  try {
    serializer.writeValue(value);
  } catch (error) {
    console.error(`node ${process.version}, a plain Serializer: ${error.message}`);
    return '';
  }
  return serializer.releaseBuffer().toString('hex');
}

function differenceOf(value, hex) {
  if (hex === '') return 'same';
  try {
    const read = v8.deserialize(Buffer.from(hex, 'hex'));
    // A class is none for either.
    assert.deepStrictEqual(simple(read), simple(v8.deserialize(v8.serialize(value))));
    return 'same';
  } catch (error) {
    return `${error.message}`.replaceAll(/\s+/g, ' ');
  }
}

/** What `deepStrictEqual` does not compare, or what the two engines have differently: stacks. */
function simple(value) {
  if (value instanceof Error) {
    return { class: Object.getPrototypeOf(value).constructor.name, message: value.message, cause: simple(value.cause) };
  }
  if (value instanceof ArrayBuffer) return [value.maxByteLength, value.resizable, new Uint8Array(value)];
  if (value instanceof Date) return value.getTime();
  return value;
}
