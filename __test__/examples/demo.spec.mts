// Runs the demo as a user does and reads what it prints.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
const demo = path.join(root, 'examples', 'plugin-host', 'host.mjs');

// What each plugin takes, told once more and in another way than the plugins do.
const taken = {
  marked: /\.md$/,
  prettier: /\.(md|json|[cm]?[jt]s)$|^LICENSE$/,
  typescript: /\.[cm]?ts$/,
};
const built = ['.git', 'build', 'dist', 'node_modules', 'target', 'test-dist'];

interface Row {
  plugin: string;
  pid: number;
  files: number;
  ms: number;
  errors: number;
}

describe('The demo', () => {
  let output: string;
  let rows: Row[];

  // It has no way to fail but to reject: an exit code other than 0, a signal, or the time limit.
  before(async () => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [demo], {
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
      timeout: 55_000,
    });
    assert.equal(stderr, '');
    output = stdout;
    rows = tableOf(output);
  });

  test('loads three plugins, each in a process of its own', () => {
    const pids = [...loadedPids(output).values()];
    assert.deepEqual([...loadedPids(output).keys()], ['marked', 'prettier', 'typescript']);
    assert.equal(new Set([process.pid, ...pids]).size, 4);
  });

  test('ends with a table of all plugins and all their files', () => {
    const paths = filesOfTheRepository();
    assert.deepEqual(
      rows.map(({ plugin, files }) => ({ plugin, files })),
      Object.entries(taken).map(([plugin, pattern]) => ({
        plugin,
        files: paths.filter((file) => pattern.test(file)).length,
      })),
    );
    for (const { plugin, files } of rows) assert.ok(files > 0, plugin);
  });

  test('shows progress as plain lines where there is no terminal', () => {
    const shares = [...output.matchAll(/^ *(\d+) %  marked \d+\/\d+  prettier \d+\/\d+  typescript \d+\/\d+$/gm)];
    assert.deepEqual(
      shares.map(([, share]) => share),
      ['25', '50', '75', '100'],
    );
    for (const control of ['\r', '\u001B']) assert.ok(!output.includes(control), 'nothing is rewritten');
  });

  test('shows the error that a plugin threw, with its stack in the worker', () => {
    const [report = ''] = /^prettier threw on LICENSE:\n(?: .*\n)+/m.exec(output) ?? [];
    assert.match(report, /^ {2}SyntaxError: .+/m);
    assert.match(report, /^ +at .*[\\/]node_modules[\\/]prettier[\\/]/m);
    assert.match(report, /^ {2}own properties: .*\bloc\b/m);
  });

  test('counts the errors in the table', () => {
    for (const { plugin, errors } of rows) {
      assert.equal(errors, [...output.matchAll(new RegExp(`^${plugin} threw on `, 'gm'))].length, plugin);
    }
    assert.deepEqual(
      rows.map(({ errors }) => errors > 0),
      [false, true, false],
    );
  });

  test('shows the crash of the killed worker, and that a new one did the rest', () => {
    const first = loadedPids(output).get('typescript');
    const current = rows.find(({ plugin }) => plugin === 'typescript')?.pid;
    assert.notEqual(current, first);
    assert.match(output, new RegExp(`^killing typescript \\(pid ${first}\\) after \\d+ of \\d+ files$`, 'm'));

    const [report = ''] = new RegExp(`^typescript lost its worker, pid ${first}:\n(?: .*\n)+`, 'm').exec(output) ?? [];
    assert.match(report, /^ {2}WorkerCrashedError: the worker "typescript"/m);
    assert.match(report, /^ {2}code {4}ERR_WORKER_CRASHED$/m);
    // Windows has no signals: there a killed process exits with a code.
    const reason = process.platform === 'win32' ? 'code 1, signal null' : 'code null, signal SIGKILL';
    assert.ok(report.includes(`reason  exit (${reason})`), report);
    assert.match(report, /^ {2}lost {4}[1-9]\d* requests? in flight$/m);
    assert.ok(report.includes(`a new worker, pid ${current},`), report);
  });

  test('leaves the workers of the other plugins alone', () => {
    for (const plugin of ['marked', 'prettier']) {
      assert.equal(rows.find((row) => row.plugin === plugin)?.pid, loadedPids(output).get(plugin));
      assert.doesNotMatch(output, new RegExp(`^${plugin} lost its worker`, 'm'));
    }
  });

  test('leaves no process behind', () => {
    const pids = new Set([...loadedPids(output).values(), ...rows.map(({ pid }) => pid)]);
    assert.match(output, new RegExp(`^${pids.size} workers started, none left$`, 'm'));
    for (const pid of pids) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' }, `pid ${pid}`);
  });
});

/** The workers as they were first started. */
function loadedPids(output: string): Map<string, number> {
  const [line = ''] = /^3 plugins loaded in \d+ ms: .*$/m.exec(output) ?? [];
  return new Map([...line.matchAll(/(\w+) \(pid (\d+)\)/g)].map(([, name, pid]) => [String(name), Number(pid)]));
}

function tableOf(output: string): Row[] {
  const lines = output.split('\n');
  const head = lines.findIndex((line) => /^plugin +pid +files +ms +errors +found$/.test(line));
  assert.notEqual(head, -1, output);
  const end = lines.indexOf('', head);
  return lines.slice(head + 2, end).map((line) => {
    const [, plugin, ...numbers] = /^(\w+) [\d.]+ +(\d+) +(\d+) +(\d+) +(\d+)  \S/.exec(line) ?? assert.fail(line);
    const [pid = NaN, files = NaN, ms = NaN, errors = NaN] = numbers.map(Number);
    return { plugin: String(plugin), pid, files, ms, errors };
  });
}

function filesOfTheRepository(): string[] {
  const entries = readdirSync(root).filter((name) => !built.includes(name));
  return entries.flatMap((name) => {
    if (!statSync(path.join(root, name)).isDirectory()) return [name];
    return readdirSync(path.join(root, name), { recursive: true }).map((each) => path.join(name, String(each)));
  });
}
