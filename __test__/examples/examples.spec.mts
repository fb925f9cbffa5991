// Runs the small examples as a user does. Where a README shows what its program prints, that is what it prints.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = path.join(root, 'examples');
const examples = readdirSync(folder).filter((name) => existsSync(path.join(folder, name, 'README.md')));
const readme = (name: string) => readFileSync(path.join(folder, name, 'README.md'), 'utf8');

/** What a program writes to its standard output. It ends with 0 and writes nothing to standard error. */
async function output(name: string, file = 'host.mjs', execArgv: string[] = []): Promise<string> {
  const args = [...execArgv, path.join(folder, name, file)];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { timeout: 50_000 });
  assert.equal(stderr, '');
  return stdout;
}

describe('examples', () => {
  test('are listed in examples/README.md', () => {
    const listed = [...readFileSync(path.join(folder, 'README.md'), 'utf8').matchAll(/^\| \[([\w-]+)\]\(\1\) \|/gm)];
    assert.deepEqual(listed.map(([, name]) => name).toSorted(), examples.toSorted());
  });

  const shown = examples.map((name) => [name, /^```text\n(.*?)^```$/ms.exec(readme(name))?.[1]] as const);
  for (const [name, expected] of shown.filter(([, text]) => text !== undefined)) {
    test(`examples/${name} prints what its README shows`, async () => {
      const isTypeScript = existsSync(path.join(folder, name, 'host.mts'));
      const loader = isTypeScript ? ['--import', import.meta.resolve('tsx')] : [];
      assert.equal(await output(name, isTypeScript ? 'host.mts' : 'host.mjs', loader), expected);
    });
  }

  test('examples/crash-and-retry answers each request, and gives up after as many attempts as it may', async () => {
    const printed = await output('crash-and-retry');
    const [first, ...rest] = printed.split('\n');
    assert.equal(first, "crash { type: 'exit', code: null, signal: 'SIGKILL' }");
    assert.match(printed, /\[\n {3}1, {2}4, {2}9, 16,\n {2}25, 36, 49, 64\n\]/);
    assert.ok(rest.includes('poison: ERR_WORKER_CRASHED after 3 attempts'), printed);
    assert.ok(rest.includes('charge: ERR_WORKER_CRASHED, 1'), printed);
  });

  test('examples/cancel cancels two searches, and ends a worker that does not pause', async () => {
    const printed = (await output('cancel')).split('\n');
    assert.equal(printed.filter((line) => line === 'another letter was typed').length, 2);
    for (const line of ['found abc', "cancelled in the worker: [ 'a', 'ab' ]", 'ERR_MESSAGE_TIMEOUT']) {
      assert.ok(printed.includes(line), line);
    }
    assert.equal(printed.at(-2), "the worker has ended: { type: 'exit', code: null, signal: 'SIGKILL' }");
  });

  const isLinux = process.platform === 'linux';
  test(
    'examples/shared-memory draws each part',
    { skip: !isLinux && 'processes share memory on Linux only' },
    async () => {
      assert.equal(
        await output('shared-memory'),
        '[ <Buffer 00 00>, <Buffer 01 01>, <Buffer 02 02>, <Buffer 03 03> ]\n',
      );
    },
  );
});
