// The channel of a worker belongs to one process: a process that inherits its environment or its descriptors is no
// worker.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

import { createWorker, type WorkerOptions } from 'isolated-workers';

import { endProcess, type Loose } from '../../fixtures/faults/support.mjs';
import { gone } from '../../fixtures/processes.mjs';

const inherited = (name: string) => new URL(`../../fixtures/inherited/${name}`, import.meta.url);
const program = (name: string) => fileURLToPath(inherited(name));

const nothing = { package: 'function', host: 'ERR_NOT_A_WORKER', left: [] };
const startupData = { some: 'data' };

async function start(t: TestContext, options: Partial<WorkerOptions<Loose>>) {
  const worker = await createWorker<Loose>({ script: inherited('worker.mjs'), startupData, ...options });
  t.after(() => worker.kill());
  return worker;
}

const kinds: [string, Partial<WorkerOptions<Loose>>][] = [
  ['a worker', {}],
  ['a detached worker', { detached: true, stdio: 'ignore' }],
];

for (const [what, options] of kinds) {
  describe(`A program that ${what} starts before it loads the package`, () => {
    for (const way of ['spawn', 'pipes', 'fork']) {
      test(`finds no host, and keeps its own channel (${way})`, async (t) => {
        const worker = await start(t, { ...options, env: { ...process.env, TOOL_WAY: way } });
        const expected = way === 'fork' ? { ...nothing, message: 'hello' } : nothing;
        assert.deepEqual(await worker.send('found'), expected);
        assert.deepEqual(await worker.send('startupData'), startupData);
        await worker.close();
      });
    }

    test('finds no host when a preloaded module starts it', async (t) => {
      const execArgv = ['--import', inherited('starts-tool.mjs').href];
      const worker = await start(t, { ...options, execArgv, env: { ...process.env, TOOL_WAY: 'fork' } });
      assert.deepEqual(await worker.send('found'), { ...nothing, message: 'hello' });
      await worker.close();
    });
  });

  for (const way of ['exec', 'fork']) {
    test(`A program that a wrapper runs with the descriptors of ${what} leaves them alone (${way})`, async (t) => {
      const directory = mkdtempSync(path.join(tmpdir(), 'iw-wrapper-'));
      t.after(() => rmSync(directory, { recursive: true }));
      const output = path.join(directory, 'found.json');
      const env = { ...process.env, TOOL_NODE: process.execPath, TOOL: program('tool.mjs'), TOOL_OUTPUT: output };
      const worker = await start(t, {
        ...options,
        execPath: program('wrapper.sh'),
        env: { ...env, TOOL_WAY_ON: way },
      });
      const found = JSON.parse(readFileSync(output, 'utf8'));
      assert.deepEqual(found, nothing);
      assert.deepEqual(await worker.send('startupData'), startupData);
      await worker.close();
    });
  }

  test(`A program that ${what} starts with an environment it has kept finds no host`, async (t) => {
    const worker = await start(t, options);
    assert.deepEqual(await worker.send('withKeptEnvironment'), nothing);
    await worker.close();
  });
}

test('The environment of a detached worker has no token', { skip: process.platform !== 'linux' }, async (t) => {
  const worker = await start(t, { detached: true, stdio: 'ignore' });
  const token = readFileSync(`${worker.socketPath}.token`, 'utf8');
  assert.match(token, /^[0-9a-f]{64}$/);
  const environ = await worker.send('environ');
  assert.match(environ, /ISOLATED_WORKERS_SOCKET=/);
  assert.ok(!environ.includes(token));
  await worker.close();
});

describe('Variables that are for no process', () => {
  const cases: [string, Record<string, string>][] = [
    ['a descriptor that is closed', { CHANNEL: 'fd:77', IDENTITY: '{"host":1,"channel":"8:1"}' }],
    ['a file', { CHANNEL: 'fd:3' }],
    ['standard output', { CHANNEL: 'fd:1' }],
    ['another socket', { CHANNEL: 'fd:4', IDENTITY: '{"host":1,"channel":"8:1"}' }],
    ['no JSON', { CHANNEL: 'fd:4', IDENTITY: '{' }],
    ['no script', { CHANNEL: 'fd:4', IDENTITY: '{"host":1}' }],
    ['no object', { CHANNEL: 'fd:4', IDENTITY: 'null' }],
    ['no descriptor', { CHANNEL: 'pipe:4' }],
    ['nothing', { CHANNEL: '', LIFELINE: '', SOCKET: '', LIMITS: '', IDENTITY: '' }],
  ];
  for (const [what, variables] of cases) {
    test(`leave the environment, and the package works (${what})`, async (t) => {
      const env = { ...process.env };
      for (const [name, value] of Object.entries(variables)) env[`ISOLATED_WORKERS_${name}`] = value;
      const file = openSync(program('tool.mjs'), 'r');
      t.after(() => closeSync(file));
      const child = spawn(process.execPath, [program('tool.mjs')], {
        env,
        stdio: ['ignore', 'pipe', 'inherit', file, 'pipe'],
      });
      t.after(() => child.kill('SIGKILL'));
      const line = await text(child.stdout!);
      assert.deepEqual(JSON.parse(line), nothing);
    });
  }
});

describe('A worker that is the first process of a PID namespace', () => {
  const isPossible = spawnSync('unshare', ['--pid', '--fork', 'true']).status === 0;
  const skip = !isPossible && 'this user may not make PID namespaces, or there is no unshare(1)';

  test('ends soon after its host is killed, though it ignores signals', { skip }, async (t) => {
    const host = spawn(process.execPath, [program('namespace-host.mjs')], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => host.kill('SIGKILL'));
    const [line] = (await once(createInterface(host.stdout), 'line')) as [string];
    const pid = Number(line);
    assert.ok(pid > 1);
    t.after(() => endProcess(pid));
    host.kill('SIGKILL');
    await gone(pid);
  });

  test('serves like any other', { skip }, async (t) => {
    const worker = await start(t, { execPath: 'unshare', execArgv: ['--pid', '--fork', process.execPath] });
    assert.equal(await worker.send('pid'), 1);
    assert.deepEqual(await worker.send('startupData'), startupData);
    await worker.disconnect();
    await worker.reconnect();
    assert.equal(await worker.send('pid'), 1);
    assert.deepEqual(await worker.close(), { type: 'exit', code: 0, signal: null });
  });
});
