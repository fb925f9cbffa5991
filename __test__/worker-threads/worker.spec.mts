// `isolated-workers/worker_threads`, imported by name.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import * as builtin from 'node:worker_threads';
import * as ours from 'isolated-workers/worker_threads';

import { startHost } from '../fixtures/programs.mjs';
import { isGone } from '../fixtures/processes.mjs';
import { eventually, filesBeside } from '../fixtures/support.mjs';

const script = filesBeside(new URL('../fixtures/worker-threads/scripts/', import.meta.url).href);

function start(t: TestContext, options?: ours.WorkerOptions) {
  const worker = new ours.Worker(script('answers'), options);
  t.after(() => worker.terminate());
  const ask = async (what: string, value?: unknown) => {
    worker.postMessage({ ask: what, value });
    return (await once(worker, 'message'))[0];
  };
  return { worker, ask };
}

test('Each name that Node exports is there', () => {
  for (const name of Object.keys(builtin)) assert.ok(name in ours, name);
  assert.equal(ours.MessageChannel, builtin.MessageChannel);
  assert.notEqual(ours.Worker, builtin.Worker);
  assert.equal(ours.isMainThread, true);
});

test('A worker is a process of its own, and ends when nothing is left in its event loop', async (t) => {
  const { worker, ask } = start(t, { workerData: { list: [1n] } });
  assert.notEqual(await ask('pid'), process.pid);
  assert.deepEqual(await ask('workerData'), { list: [1n] });
  assert.equal(await ask('threadId'), worker.threadId);
  worker.postMessage({ ask: 'end' });
  assert.deepEqual(await once(worker, 'exit'), [0]);
  assert.equal(worker.threadId, -1);
});

test('By default shared memory is refused, in the constructor and in a message', async (t) => {
  const shared = new SharedArrayBuffer(4);
  assert.throws(() => new ours.Worker(script('answers'), { workerData: [shared] }), {
    name: 'DataCloneError',
    code: 25,
  });
  const { worker, ask } = start(t);
  assert.throws(() => worker.postMessage({ shared }), { name: 'DataCloneError', message: /isolation: "thread"/ });
  assert.ok(await ask('pid'));
});

test('A copy of shared memory is an ArrayBuffer', async (t) => {
  const { ask } = start(t, { sharedMemory: 'copy' });
  assert.deepEqual(await ask('size', new SharedArrayBuffer(4)), ['[object ArrayBuffer]', 4]);
  assert.deepEqual(await ask('size', new Int32Array(new SharedArrayBuffer(8))), ['[object Int32Array]', 8]);
  assert.equal(await ask('env', 'PISCINA_DISABLE_ATOMICS'), '1');
});

test('A thread by option shares memory, and has the events of a worker', async (t) => {
  const { worker, ask } = start(t, { isolation: 'thread', stdout: true });
  const view = new Int32Array(new SharedArrayBuffer(4));
  assert.equal(await ask('pid'), process.pid);
  assert.equal(await ask('add', view), 1);
  assert.equal(view[0], 1);
  const output = text(worker.stdout);
  assert.equal(await worker.terminate(), 1);
  assert.equal(await output, '');
});

test('An isolate is refused: this version has no driver for it', () => {
  assert.throws(() => new ours.Worker(script('answers'), { isolation: 'isolate' }), {
    code: 'ERR_UNSUPPORTED_BY_DRIVER',
    message: /no driver for isolates/,
  });
});

test('A worker that was killed emits an error that names the signal, and exits with 1', async (t) => {
  const { worker, ask } = start(t);
  const pid = await ask('pid');
  const failed = once(worker, 'error');
  const exited = new Promise((resolve) => worker.on('exit', resolve));
  process.kill(pid, 'SIGKILL');
  assert.match((await failed)[0].message, /SIGKILL/);
  assert.equal(await exited, 1);
});

test('Arguments that Node does not know are an error that names them', async (t) => {
  const { worker } = start(t, { execArgv: ['--no-such-flag-of-node'], stderr: true });
  const [error] = await once(worker, 'error');
  assert.equal(error.code, 'ERR_WORKER_INVALID_EXEC_ARGV');
  assert.match(error.message, /--no-such-flag-of-node/);
});

test('The heap of a worker can be looked at', async (t) => {
  const { worker, ask } = start(t);
  await ask('pid');
  assert.ok((await text(await worker.getHeapSnapshot())).startsWith('{"snapshot"'));
  await worker.terminate();
  await assert.rejects(worker.getHeapSnapshot(), { code: 'ERR_WORKER_NOT_RUNNING' });
});

test('No process is left one second after the host was killed, three deep', async (t) => {
  const host = startHost(script('orphans'), '', t);
  const pids: number[] = [];
  let rest = '';
  host.stdout.on('data', (chunk) => {
    rest += chunk;
    pids.splice(0, pids.length, ...rest.split('\n').slice(0, -1).map(Number));
  });
  await eventually('all workers run', () => pids.length === 3);
  host.kill('SIGKILL');
  await eventually('all have ended', () => pids.every(isGone), 1000);
});
