// docs/timeouts.md against the types: it has each option, with the default that the type's comment tells.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import ts from 'typescript';

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const page = read('docs/timeouts.md');

const tables: readonly (readonly [heading: string, interfaces: Record<string, string>])[] = [
  [
    'Options of `createWorker`',
    {
      BaseWorkerOptions: 'ts/types/worker-options.ts',
      ProcessOptions: 'ts/types/process-options.ts',
      CheckedMessages: 'ts/types/message-schemas.ts',
    },
  ],
  [
    'Options of `startWorkerServer`',
    { WorkerServerOptions: 'ts/types/worker-server.ts', CheckedMessages: 'ts/types/message-schemas.ts' },
  ],
  ['Options of `createPool`', { PoolSettings: 'ts/types/pool-options.ts' }],
];

for (const [heading, interfaces] of tables) {
  test(`docs/timeouts.md, ${heading}, has a row with the default of each option, and no other row`, () => {
    const section = page.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? assert.fail('there is no such heading');
    const rows = section.split('\n').filter((line) => line.startsWith('| `'));
    const known = new Map(Object.entries(interfaces).flatMap(([name, file]) => membersOf(file, name)));
    const named = rows.flatMap((row) =>
      [...(row.split('|')[1] as string).matchAll(/`(\w+)`/g)].map(([, name]) => name),
    );
    const listed = new Set(heading.includes('startWorkerServer') ? [...named].filter((n) => n !== 'handlers') : named);
    assert.deepEqual([...listed].toSorted(), [...known.keys()].toSorted());
    for (const [name, comment] of known) {
      const row = rows.find((line) => (line.split('|')[1] as string).includes(`\`${name}\``)) as string;
      const [, told] = /Default: (`[^`]+`|[\d,]*\d)/.exec(comment) ?? [];
      if (told !== undefined)
        assert.ok(row.includes(told), `${name}: the comment has the default ${told}, the page ${row}`);
    }
  });
}

/** The members of an interface or an object type with their comments. */
function membersOf(file: string, name: string): [string, string][] {
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.ES2022, true);
  const members: [string, string][] = [];
  const visit = (node: ts.Node): void => {
    const isNamed = (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) && node.name.text === name;
    if (!isNamed) return;
    ts.forEachChild(node, function inner(child): void {
      if (!ts.isPropertySignature(child)) return void ts.forEachChild(child, inner);
      members.push([
        child.name.getText(),
        source.text.slice(child.getFullStart(), child.getStart()).replaceAll(/\s+\*\s+/g, ' '),
      ]);
    });
  };
  ts.forEachChild(source, visit);
  assert.ok(members.length > 0, `${file} has no ${name}`);
  return members;
}
