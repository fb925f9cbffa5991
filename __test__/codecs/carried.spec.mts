// Compares each row of the table in docs/serializers.md with what the serializers carry.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { createWorker, WorkerThreadsDriver, type WorkerClient } from 'isolated-workers';

import { fare } from '../fixtures/carried.mjs';
import { serializer } from '../fixtures/serializers.mjs';
import { fixture } from '../fixtures/support.mjs';

const text = readFileSync(new URL('../../docs/serializers.md', import.meta.url), 'utf8');
const rows = text
  .slice(text.indexOf('## Values that each serializer carries'), text.indexOf("## `'structured'`"))
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.slice(2, -2).split(' | '));

const starts = [
  ['json', () => createWorker<any>({ script: fixture('echo.mjs'), serializer: 'json' })],
  ['structured', () => createWorker<any>({ script: fixture('echo.mjs') })],
  ['none', () => createWorker<any>({ script: fixture('echo.mjs'), driver: WorkerThreadsDriver as never })],
  [
    'a serializer of the user’s own',
    () => createWorker<any>({ script: fixture('serializer.mjs'), argv: ['v8'], serializer: serializer('v8') }),
  ],
  [
    'structured, with a thread',
    () =>
      createWorker<any>({
        script: fixture('echo.mjs'),
        serializer: 'structured',
        driver: WorkerThreadsDriver as never,
      }),
    2,
  ],
] as const;

for (const [index, [name, begin, column = index + 1]] of starts.entries()) {
  describe(`with ${name}`, () => {
    let worker: WorkerClient<any, any>;
    before(async () => {
      worker = await begin();
    });
    after(() => worker.close());

    for (const row of rows) {
      const expression = /^`(.*?)`/.exec(row[0] as string)?.[1] as string;
      const expected = row[column] as string;
      test(`${expression}: ${expected}`, async () => {
        const fared = await fare((value) => worker.send('echo', value), expression, expected);
        if (expected === 'in part') assert.match(fared, /^(yes|something else: \w*Error: \w+)$/);
        else assert.equal(fared, expected);
      });
    }
  });
}

test('The test reads each row of the table', () => {
  assert.ok(rows.length > 30);
  for (const row of rows) assert.equal(row.length, 5, row[0]);
});
