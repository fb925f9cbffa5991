// What docs/effect.md says of the globals that an isolate has and has not.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import * as Effect from 'effect/Effect';

import { childProcess, isolates } from '../fixtures/effect/drivers.mjs';
import { launch, run } from '../fixtures/effect/launch.mjs';
import type { Command } from '../fixtures/effect/worker.mjs';

const page = readFileSync(new URL('../../docs/effect.md', import.meta.url), 'utf8');
const [, has = '', lacks = ''] =
  /What `effect` needs of its surroundings, an isolate has: (.*?)\. It has no\s+(.*?):/s.exec(page) ?? [];
/** The names in backticks. */
const namesIn = (text: string) => [...text.matchAll(/`(\w+)`/g)].map(([, name]) => name as string);

const ask = (options: object, command: Command) =>
  run(
    options,
    Effect.flatMap(launch(), (worker) => worker.ask(command)),
  );

describe('docs/effect.md', () => {
  test('names globals', () => {
    assert.ok(namesIn(has).includes('AbortController') && namesIn(lacks).includes('Intl'), `${has}; ${lacks}`);
  });

  for (const [name, options] of isolates) {
    test(`names what an isolate has and lacks (${name})`, async () => {
      const missing = await ask(options, ['missing', [...namesIn(has), ...namesIn(lacks)]]);
      assert.deepEqual(missing, namesIn(lacks));
    });

    test(`says how parts of effect fail that need what is missing (${name})`, async () => {
      assert.deepEqual(await ask(options, ['demanding']), [
        'IllegalArgumentError: Invalid time zone: Europe/Berlin',
        'ReferenceError: Intl is not defined',
        'ReferenceError: ReadableStream is not defined',
      ]);
    });
  }

  test('lists nothing that a process lacks', async () => {
    assert.deepEqual(await ask(childProcess, ['missing', [...namesIn(has), ...namesIn(lacks)]]), []);
    const found = await ask(childProcess, ['demanding']);
    assert.deepEqual(found, ['[object Object]', '[object Object]', '[object ReadableStream]']);
  });
});
