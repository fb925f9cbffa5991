// The columns of the README's table: each library runs the same functions in workers, and its cells say what a host saw.
// `node-worker.spec.mts` has the column of Effect, which needs procedures and schemas instead of functions.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { endProcess, isGone } from '../fixtures/processes.mjs';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const folderOf = (name: string) => path.join(root, 'build/peers', name);
const host = fileURLToPath(new URL('../fixtures/peers/host.mjs', import.meta.url));
/** A host or worker that is going to end has ended by then. */
const SOON = 2_000;

type Kind = 'process' | 'thread';

interface Library {
  column: string;
  name: string;
  /** The package and its version; absent for what Node and this project have. */
  version?: string;
  /** The first is the one that a cell speaks of where both differ. */
  kinds: Kind[];
  /** The library sends messages; requests are the user's business. */
  isByHand?: boolean;
  /** The numbers of the notes below the table. */
  notes?: { errors?: string; values?: string; aborts?: string };
}

const libraries: Library[] = [
  { column: 'isolated-workers', name: 'isolated-workers', kinds: ['process', 'thread'] },
  { column: '`fork`', name: 'fork', kinds: ['process'], isByHand: true, notes: { errors: ' (1)', values: ' (1)' } },
  { column: '`worker_threads`', name: 'worker_threads', kinds: ['thread'], isByHand: true },
  { column: 'piscina 5', name: 'piscina', version: '5.3.2', kinds: ['thread'] },
  { column: 'tinypool 2', name: 'tinypool', version: '2.2.0', kinds: ['process', 'thread'], notes: { errors: ' (2)' } },
  { column: 'jest-worker 30', name: 'jest-worker', version: '30.5.1', kinds: ['process', 'thread'] },
  {
    column: 'workerpool 10',
    name: 'workerpool',
    version: '10.0.3',
    kinds: ['process', 'thread'],
    notes: { values: ' (1)', aborts: ' (4)' },
  },
  { column: 'execa 9', name: 'execa', version: '9.6.0', kinds: ['process'], isByHand: true },
];

for (const library of libraries) {
  test(`README.md says of ${library.name} what a host sees of it`, { timeout: 120_000 }, async (t) => {
    if (library.version !== undefined && !(await install(t, library.name, library.version))) return;
    assert.deepEqual(await cellsOf(t, library), columnOf(library.column));
  });
}

test('fork with JSON, its default, keeps the code of an error alone, and makes no Map', async (t) => {
  const [errors, values] = await Promise.all([
    seen(t, 'fork', 'process', 'errors', 'json'),
    seen(t, 'fork', 'process', 'values', 'json'),
  ]);
  assert.deepEqual(errors, { class: false, cause: false, code: true });
  assert.equal(values, false);
});

test('tinypool keeps the class and the cause of an error in threads', async (t) => {
  if (!(await install(t, 'tinypool', '2.2.0'))) return;
  assert.deepEqual(await seen(t, 'tinypool', 'thread', 'errors'), { class: true, cause: true, code: false });
});

test('workerpool makes {} of a Map in a process whose fork serializes as JSON, its default', async (t) => {
  if (!(await install(t, 'workerpool', '10.0.3'))) return;
  assert.equal(await seen(t, 'workerpool', 'process', 'values', 'json'), false);
});

test('workerpool keeps a worker whose function listens for the abort', async (t) => {
  if (!(await install(t, 'workerpool', '10.0.3'))) return;
  assert.equal(await seen(t, 'workerpool', 'thread', 'heedfulAbort'), 'same worker');
  assert.equal(await seen(t, 'workerpool', 'process', 'heedfulAbort'), 'same worker');
});

/** The cells of a column, from top to bottom. */
function columnOf(column: string): (string | undefined)[] {
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
  const rows = readme.split('\n').filter((line) => line.startsWith('|'));
  const table = rows.map((row) => row.split('|').map((cell) => cell.trim()));
  const at = table[0]?.indexOf(column) ?? -1;
  assert.ok(at > 0, `the table has the column ${column}`);
  return table.slice(2, 10).map((row) => row[at]);
}

async function cellsOf(t: TestContext, library: Library): Promise<string[]> {
  const { name, kinds, isByHand = false, notes = {} } = library;
  const hasThreads = kinds.includes('thread');
  const of = async (look: string) => Promise.all(kinds.map((kind) => seen(t, name, kind, look)));
  const exits = await of('exit');
  const [error] = await of('errors');
  const values = await of('values');
  const aborts = await of('abort');
  const idle = await Promise.all(kinds.map((kind) => endsIdle(t, name, kind)));
  const orphans = kinds.includes('process') ? await endsWithItsHost(t, name) : undefined;

  return [
    kinds.length === 2 ? 'both' : kinds[0] === 'thread' ? 'threads' : 'processes',
    exitCell(exits, isByHand),
    errorCell(error) + (notes.errors ?? ''),
    (values.every(Boolean) ? 'yes' : values[0] ? 'processes only' : values[1] ? 'threads only' : 'no') +
      (notes.values ?? ''),
    isByHand
      ? 'by hand'
      : agreed(aborts, { none: 'no abort', 'same worker': 'yes', 'new worker': 'no' }) + (notes.aborts ?? ''),
    agreed(idle, { true: 'yes', false: 'no' }),
    orphans === undefined ? (hasThreads ? 'in the host' : '') : orphans ? 'yes' : 'no',
    pureCell(library),
  ];
}

function exitCell(exits: string[], isByHand: boolean): string {
  if (exits.every((exit) => exit === 'never')) return isByHand ? 'by hand' : 'no';
  if (exits[1] === 'never') return 'processes only';
  return exits.every((exit) => exit === 'with the code') ? 'yes, with the code' : 'yes';
}

function errorCell(error: { class: boolean; cause: boolean; code: boolean }): string {
  if (error.class && error.cause && error.code) return 'yes';
  const words = { class: 'class', cause: '`cause`', code: '`code`' };
  return (['class', 'cause', 'code'] as const)
    .filter((part) => error[part])
    .map((part) => words[part])
    .join(', ');
}

/** The word for what all kinds of worker showed alike. */
function agreed(shown: unknown[], words: Record<string, string>): string {
  const all = [...new Set(shown.map((one) => words[String(one)]))];
  return all.join(', ');
}

/** Whether a library and what it depends on have binaries; the packages that it can do without count as optional. */
function pureCell({ name, version }: Library): string {
  if (name === 'isolated-workers') return filesOf(root, false).some(isBinary) ? 'no' : 'yes';
  if (version === undefined) return 'yes';
  const files = filesOf(path.join(folderOf(name), 'node_modules'), true);
  if (!files.some(isBinary)) return 'yes';
  const { optionalDependencies = {} } = JSON.parse(
    readFileSync(path.join(folderOf(name), 'node_modules', name, 'package.json'), 'utf8'),
  );
  const optional = Object.keys(optionalDependencies);
  return files.filter(isBinary).every((file) => optional.some((one) => file.startsWith(one)))
    ? 'yes, with an optional addon'
    : 'no';
}

const filesOf = (folder: string, recursive: boolean) => readdirSync(folder, { recursive, encoding: 'utf8' });
const isBinary = (file: string) => file.endsWith('.node');

/** What a host of its own sees of a library. */
async function seen(t: TestContext, name: string, kind: Kind, look: string, serialization = 'advanced'): Promise<any> {
  const { child, line } = await startHost(t, name, kind, look, serialization);
  child.kill('SIGKILL');
  return JSON.parse(line);
}

async function endsIdle(t: TestContext, name: string, kind: Kind): Promise<boolean> {
  const { child } = await startHost(t, name, kind, 'idle');
  await Promise.race([once(child, 'exit'), sleep(SOON)]);
  return child.exitCode === 0;
}

async function endsWithItsHost(t: TestContext, name: string): Promise<boolean> {
  const { child, line } = await startHost(t, name, 'process', 'computing');
  const worker = Number(line);
  t.after(() => endProcess(worker));
  child.kill('SIGKILL');
  await once(child, 'exit');
  await sleep(SOON);
  return isGone(worker);
}

/** Starts a host, and waits for what it prints. */
async function startHost(t: TestContext, name: string, kind: Kind, look: string, serialization = 'advanced') {
  const child = spawn(process.execPath, [host, name, kind, serialization, look], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, PEERS_FOLDER: path.join(folderOf(name), 'index.js') },
  });
  t.after(() => child.kill('SIGKILL'));
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the host of ${name} printed nothing and exited with ${code}: ${kind}, ${look}`);
  });
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), ended]);
  ended.catch(() => {});
  return { child, line: line as string };
}

/** Whether a package is there, in a folder of its own; the test is skipped where npm does not give it. */
async function install(t: TestContext, name: string, version: string): Promise<boolean> {
  const folder = folderOf(name);
  const file = path.join(folder, 'node_modules', name, 'package.json');
  if (existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).version === version) return true;
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    path.join(folder, 'package.json'),
    JSON.stringify({ private: true, dependencies: { [name]: version } }),
  );
  try {
    await run('npm', ['install', '--silent', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: folder });
    return true;
  } catch (error) {
    t.skip(`${name}@${version} cannot be fetched: ${(error as Error).message.slice(0, 200)}`);
    return false;
  }
}
