// The package works without a native addon: with threads, in process, and with custom drivers.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { promisify } from 'node:util';

import { copyTests, temporaryFolder } from '../fixtures/package/copy.mjs';
import { inTestAll } from '../fixtures/rounds.mjs';

const options = { skip: inTestAll, timeout: 230_000 };

describe('Without the addon', { skip: inTestAll }, () => {
  const folder = temporaryFolder(after);
  if (inTestAll === false) copyTests(folder);
  const tests = path.join(folder, 'test-dist');

  /** What a program of the copy prints. */
  async function report(program: string, args: string[]): Promise<{ passed: number; failed: string[] }> {
    const called = [path.join(tests, 'fixtures/package', program), ...args];
    // Node runs no tests in a test, unless it does not know.
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
    const { stdout } = await promisify(execFile)(process.execPath, called, { cwd: folder, env, maxBuffer: 1 << 26 });
    return JSON.parse(stdout);
  }

  for (const driver of ['WorkerThreadsDriver', 'InProcessDriver', 'custom']) {
    test(`the conformance suite passes (${driver})`, options, async () => {
      const { passed, failed } = await report('conformance.mjs', [driver]);
      assert.deepEqual(failed, []);
      assert.ok(passed >= 50, `${passed} cases`);
    });
  }

  test('the tests of these drivers pass, except where they start a process', options, async () => {
    const specs = readdirSync(path.join(tests, 'drivers'), { recursive: true, encoding: 'utf8' }).filter((file) =>
      /^(?:thread|in-process|custom)[\\/].*\.spec\.mjs$/.test(file),
    );
    assert.ok(specs.length >= 8, specs.join(', '));
    const files = specs.map((file) => path.join(tests, 'drivers', file));
    const { passed, failed } = await report('run-specs.mjs', files);
    assert.deepEqual(failed, []);
    assert.ok(passed >= 150, `${passed} tests`);
  });
});
