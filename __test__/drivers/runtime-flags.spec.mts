// A worker inherits some flags of its host, and not others.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

const fixtures = fileURLToPath(new URL('../fixtures/flags', import.meta.url));
const host = path.join(fixtures, 'host.cjs');

// A folder with what the flags name, and one where none of that is.
const home = realpathSync(mkdtempSync(path.join(tmpdir(), 'iw-flags-')));
process.once('exit', () => rmSync(home, { recursive: true, force: true }));
const elsewhere = path.join(home, 'elsewhere');
const runs = path.join(home, 'runs');
mkdirSync(path.join(home, 'node_modules/pre'), { recursive: true });
mkdirSync(elsewhere);
const note = (name: string) => `(globalThis.preloaded ??= []).push('${name}');\n`;
writeFileSync(path.join(home, 'pre.mjs'), note('pre.mjs'));
writeFileSync(path.join(home, 'pre.cjs'), note('pre.cjs'));
writeFileSync(path.join(home, 'node_modules/pre/index.js'), note('pre'));
writeFileSync(path.join(home, '.env'), 'FROM_FILE=yes\n');

interface Started {
  execArgv: string[];
  argv: string[];
  nodeOptions?: string;
  preloaded: string[];
  fromFile?: string;
  code?: string;
  message?: string;
}

/** What a host with these flags prints. */
async function run(flags: string[], options: object = {}, env: NodeJS.ProcessEnv = {}, args: string[] = [host]) {
  rmSync(runs, { force: true });
  const given = { ...process.env, FIXTURES: fixtures, RUNS: runs, HOST_OPTIONS: JSON.stringify(options), ...env };
  const command = [...flags, ...args];
  const { stdout, stderr } = await new Promise<{ stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, command, { cwd: home, env: given, timeout: 45_000 }, (_error, out, err) =>
      resolve({ stdout: out, stderr: err }),
    );
  });
  const line = stdout.trim().split('\n').at(-1)!;
  assert.match(line, /^\{/, `${command.join(' ')}\n${stdout}${stderr}`);
  const hosts = existsSync(runs) ? readFileSync(runs, 'utf8').length : 0;
  return { hosts, ...(JSON.parse(line) as Started) };
}

const isKnown = (flag: string) =>
  new Promise<boolean>((resolve) => {
    execFile(process.execPath, [flag, '-e', '0'], (error) => resolve(!/bad option/.test(String(error))));
  });

describe('A flag that concerns the main script of the host is not the worker’s', () => {
  const source = `require(${JSON.stringify(host)})`;
  const cases: [string, string[], string[]][] = [
    ['--eval with a word', ['--eval', source], []],
    ['--eval with =', [`--eval=${source}`], []],
    ['-e', ['-e', source], []],
    ['-pe', ['-pe', source], []],
    ['-p with a word', ['-p', source], []],
    ['-p and -e', ['-p', '-e', source], []],
    ['--print and --eval with =', ['--print', `--eval=${source}`], []],
    ['an input type', ['--input-type=commonjs', '-e', source], []],
    ['an input type as a word', ['--input-type', 'commonjs', `--eval=${source}`], []],
    ['--', ['--no-warnings', '--', host], ['--no-warnings']],
    ['a pattern with =', ['--test-name-pattern=foo', host], []],
    ['a pattern as a word', ['--test-name-pattern', 'foo', '--no-warnings', host], ['--no-warnings']],
    ['underscores', ['--test_name_pattern', 'foo', host], []],
    ['a reporter and its destination', ['--test-reporter', 'spec', '--test-reporter-destination', 'stdout', host], []],
    ['a concurrency', ['--test-concurrency', '1', host], []],
  ];
  for (const [what, words, expected] of cases) {
    test(what, async () => {
      const { hosts, execArgv, argv } = await run(words, {}, {}, []);
      assert.deepEqual({ hosts, execArgv, argv }, { hosts: 1, execArgv: expected, argv: ['one'] });
    });
  }

  test('nor is a timeout of tests', async (t) => {
    if (!(await isKnown('--test-timeout=1'))) return t.skip('this Node has no such flag');
    assert.deepEqual((await run(['--test-timeout', '5000'])).execArgv, []);
  });
});

test('A flag keeps its separate value', async () => {
  const flags = ['--title', 'a title', '-C', 'custom', '--conditions=other', '--no-warnings'];
  assert.deepEqual((await run(flags)).execArgv, flags);
});

describe('A debugger port of the host becomes a free port of the worker', () => {
  for (const [flag, expected] of [
    [['--inspect-port', '9333'], '--inspect-port=0'],
    [['--inspect-port=127.0.0.1:9333'], '--inspect-port=127.0.0.1:0'],
    [['--debug-port=9333'], '--debug-port=0'],
    [['--inspect=127.0.0.1:0'], '--inspect=127.0.0.1:0'],
    [['--inspect=0'], '--inspect=0'],
  ] as const) {
    test(flag.join(' '), async () => assert.deepEqual((await run([...flag])).execArgv, [expected]));
  }

  test('also in NODE_OPTIONS', async () => {
    const { nodeOptions } = await run([], {}, { NODE_OPTIONS: '--inspect=127.0.0.1:0 --no-warnings' });
    assert.equal(nodeOptions, '--inspect=127.0.0.1:0 --no-warnings');
    const port = await run([], {}, { NODE_OPTIONS: '--inspect-port=9333' });
    assert.equal(port.nodeOptions, '--inspect-port=0');
  });
});

describe('The worker finds a file that a flag names by a relative path', () => {
  const absolute = pathToFileURL(path.join(home, 'pre.mjs')).href;
  const cwd = elsewhere;
  for (const [what, flags, expected] of [
    ['--import with =', ['--import=./pre.mjs'], { execArgv: [`--import=${absolute}`], preloaded: ['pre.mjs'] }],
    ['--import with a word', ['--import', './pre.mjs'], { execArgv: ['--import', absolute], preloaded: ['pre.mjs'] }],
    ['-r', ['-r', './pre.cjs'], { execArgv: ['-r', path.join(home, 'pre.cjs')], preloaded: ['pre.cjs'] }],
    ['--require', ['--require=./pre.cjs'], { preloaded: ['pre.cjs'] }],
    ['a package for -r', ['-r', 'pre'], { preloaded: ['pre'] }],
    ['a package for --import', ['--import', 'pre'], { preloaded: ['pre'] }],
    ['--env-file', ['--env-file=.env'], { execArgv: [`--env-file=${path.join(home, '.env')}`], fromFile: 'yes' }],
  ] as const) {
    test(what, async () => {
      const started = await run([...flags], { cwd });
      for (const [name, value] of Object.entries(expected)) {
        assert.deepEqual(started[name as keyof Started], value, JSON.stringify(started));
      }
    });
  }

  for (const driver of ['process', 'thread']) {
    test(`after the host has changed to another folder (${driver})`, async () => {
      for (const flag of ['--import=./pre.mjs', '--require=./pre.cjs']) {
        const { preloaded } = await run([flag], { driver }, { CHANGE_TO: elsewhere });
        assert.deepEqual(preloaded, [flag.split('/').at(-1)]);
      }
    });
  }

  test('also in NODE_OPTIONS', async () => {
    const options = '--require "./pre.cjs" --import=./pre.mjs';
    const { preloaded } = await run([], { cwd }, { NODE_OPTIONS: options });
    assert.deepEqual(preloaded, ['pre.cjs', 'pre.mjs']);
  });

  test('and the driver leaves the flags of the caller alone', async () => {
    const { code } = await run([], { cwd, execArgv: ['--import=./pre.mjs'], stdio: 'ignore' });
    assert.equal(code, 'ERR_WORKER_CRASHED');
  });
});
