// The programs of the pages, typed in as they are, on each runtime that can run TypeScript.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';

import { commandOf, runtimes } from '../fixtures/other-runtimes.mjs';
import { printed, typeIn } from '../fixtures/page-programs.mjs';

const run = promisify(execFile);
const options = { timeout: 120_000 };

for (const [page, shown] of Object.entries(printed)) {
  describe(`docs/${page}.md`, () => {
    const folderFor = (name: string) =>
      typeIn(`docs/${page}.md`, `${page.replace('/', '-')}-${name.replace(' ', '-')}`);

    test('the host runs with tsx on this Node', options, async () => {
      const args = ['--import', import.meta.resolve('tsx'), 'host.ts'];
      const { stdout } = await run(process.execPath, args, { cwd: folderFor('tsx') });
      assert.equal(stdout, shown);
    });

    for (const runtime of runtimes) {
      test(`the host runs on ${runtime.name}`, options, async (t) => {
        const args = runtime.args.filter((arg) => arg !== '--expose-gc');
        const command = await commandOf(t, { ...runtime, args }, 'host.ts');
        if (command === undefined) return;
        const { stdout } = await run(command.file, command.args, { ...command.options, cwd: folderFor(runtime.name) });
        assert.equal(sameLayout(stdout), sameLayout(shown));
      });
    }
  });
}

/** Bun prints an object over several lines, with a comma behind the last member. */
function sameLayout(text: string): string {
  return text.replaceAll(/\s+/g, '').replaceAll(/,(?=[}\]])/g, '');
}
