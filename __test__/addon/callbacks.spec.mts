// The addon accepts only guarded functions, so the facade cannot throw into Node-API.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const source = (file: string) => readFileSync(new URL(file, new URL('../../ts/addon/', import.meta.url)), 'utf8');

test('The addon declares each function that it takes as guarded', () => {
  const lines = source('binding.d.ts').split('\n');
  // What the addon returns may be a function; the one it takes besides is the runtime's own, `ArrayBuffer.prototype.transfer`.
  const bare = lines.filter((line) => line.includes('=>') && !/^\s*(\*|get )/.test(line));
  assert.deepEqual(
    bare.map((line) => line.trim()),
    ['recycle(transfer?: () => ArrayBuffer): void;'],
  );
  const named = new Set(lines.join('\n').match(/: On[A-Z]\w+/g));
  assert.deepEqual(
    named,
    new Set([': OnMessages', ': OnControl', ': OnReport', ': OnStream', ': OnTurnWanted', ': OnWaited']),
  );
  for (const name of ['OnControl', 'OnMessages', 'OnReport', 'OnStream', 'OnTurnWanted', 'OnWaited']) {
    assert.match(source('callbacks.d.ts'), new RegExp(`type ${name} = Guarded<`));
  }
});

test('Only guard() makes a guarded function', () => {
  const text = source('../util/guard.ts');
  assert.equal(text.match(/as Guarded</g)?.length, 1);
  assert.match(text, /try \{\s+return act\(\.\.\.args\);\s+\} catch/);
  for (const file of [
    '../byte-connection/host-connection.ts',
    '../byte-connection/server-connection.ts',
    '../worker/channels/process.ts',
    'environment.ts',
  ]) {
    assert.doesNotMatch(
      source(file),
      /as (OnControl|OnMessages|OnReport|OnStream|OnTurnWanted|OnWaited|Guarded|any|never)\b/,
      file,
    );
  }
});
