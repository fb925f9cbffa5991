// The addon tells events as numbers; both sides write them down.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');

/** The members of an enum and their numbers, in Rust or TypeScript. */
function members(source: string, name: string): Record<string, number> {
  const body = new RegExp(`enum ${name} \\{([^}]*)\\}`).exec(source)?.[1];
  assert.ok(body !== undefined, `enum ${name}`);
  return Object.fromEntries([...body.matchAll(/(\w+) = (\d+)/g)].map(([, key, value]) => [key, Number(value)]));
}

for (const [name, file] of [
  ['Control', 'src/bindings/delivery.rs'],
  ['RecordKind', 'src/bindings/batch.rs'],
] as const) {
  test(`${name} has the same numbers in ${file} and in the facade`, () => {
    const rust = members(read(file), name);
    assert.ok(Object.keys(rust).length > 0);
    assert.deepEqual(members(read('ts/native/records.ts'), name), rust);
  });
}
