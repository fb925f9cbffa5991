// Runs the code blocks of the guides. They name their worker `./worker.js`, relative to the current directory.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { ChildProcessDriver, createWorker, type Middleware } from 'isolated-workers';

import type { Messages as ConceptMessages } from './concepts.messages.mjs';
import type { Messages as DriverMessages } from './drivers.messages.mjs';

process.chdir(fileURLToPath(new URL('../fixtures/documentation/', import.meta.url)));

const block = (name: string) => new URL(`./${name}.mjs`, import.meta.url);

describe('Core Concepts', () => {
  test('Startup data: the worker has what the host gave it', async () => {
    const { worker } = await import('./concepts.startup-data.host.mjs');
    assert.deepEqual(await worker.send('fetchData'), {
      config: { apiEndpoint: 'https://api.example.com' },
      dbConnectionString: 'postgresql://localhost/mydb',
    });
    await worker.close();
  });

  test('Startup data: the worker reads it before its server starts, and in its handlers', async () => {
    const api = createServer((_request, response) => void response.end('{"answer":42}')).listen(0, '127.0.0.1');
    await once(api, 'listening');
    const apiEndpoint = `http://127.0.0.1:${(api.address() as AddressInfo).port}/`;

    const worker = await createWorker<Pick<ConceptMessages, 'fetchData'>>({
      script: block('concepts.startup-data.worker'),
      startupData: { config: { apiEndpoint } },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    assert.ok(worker.stdout);
    const output = text(worker.stdout);
    assert.deepEqual(await worker.send('fetchData'), { answer: 42 });
    await worker.close();
    assert.equal(await output, `Starting with config: ${apiEndpoint}\n`);
    api.closeAllConnections();
    api.close();
  });

  test('Middleware: the logger sees a request go out and its result come in', async (t) => {
    const { logger } = await import('./concepts.middleware.mjs');
    const log = t.mock.method(console, 'log', () => {});
    const worker = await createWorker<ConceptMessages>({ script: './worker.js', middleware: logger });
    assert.deepEqual(await worker.send('load', { config: 'a' }), { loaded: true });
    assert.deepEqual(
      log.mock.calls.map((call) => call.arguments),
      [['[outgoing] load'], ['[incoming] loadResult']],
    );
    log.mock.restore();
    await worker.close();
  });

  test('TransactionIdGenerator: a request travels with the id that the generator made', async () => {
    const { customTxGen } = await import('./concepts.transaction-id-generator.mjs');
    const seen: (string | undefined)[] = [];
    const observe: Middleware<ConceptMessages> = (message) => void seen.push(message.tx);
    const worker = await createWorker<ConceptMessages>({
      script: './worker.js',
      txIdGenerator: customTxGen,
      middleware: observe,
    });
    assert.deepEqual(await worker.send('compute', { values: [1, 2] }), { sum: 3 });
    const [request, result] = seen;
    assert.match(String(request), /^compute-\d+-0\.\d+/);
    assert.equal(result, request);
    await worker.close();
  });
});

describe('Drivers', () => {
  test('Child process driver: a script is enough', async () => {
    const { worker } = await import('./drivers.child-process.default.mjs');
    await answersFromAProcessOfItsOwn(worker);
  });

  test('Child process driver: the caller may name it', async () => {
    const { worker } = await import('./drivers.child-process.explicit.mjs');
    await answersFromAProcessOfItsOwn(worker);
  });

  test('Worker threads driver: the worker is a thread', async () => {
    const { worker } = await import('./drivers.worker-threads.mjs');
    assert.deepEqual(worker.capabilities, { reconnect: false, detach: false, sharedMemory: true, sync: true });
    assert.equal(worker.pid, undefined);
    assert.deepEqual(await worker.send('myMessage', { input: 'a' }), { result: `thread ${process.pid} got a` });
    await worker.close();
  });

  test('Custom drivers: createWorker rejects with the error of spawn, and a class that spawns runs a worker', async () => {
    const { MyCustomDriver } = await import('./drivers.custom.mjs');
    const options = { script: './worker.js' };
    await assert.rejects(createWorker<DriverMessages, any>({ ...options, driver: new MyCustomDriver() }), {
      code: 'ERR_WORKER_SPAWN_FAILED',
      message: /"my_driver".*worker\.js is started/,
    });
    class Complete extends MyCustomDriver {
      override spawn = async (script: string): Promise<any> => new ChildProcessDriver().spawn(script, {});
    }
    const worker = await createWorker<DriverMessages, any>({ ...options, driver: Complete });
    assert.deepEqual(worker.capabilities, { reconnect: false, detach: false, sharedMemory: false });
    assert.deepEqual(await worker.send('myMessage', { input: 'a' }), { result: `process ${worker.pid} got a` });
    await worker.close();
  });

  test('Worker-side detection: a worker file need not name its driver', async () => {
    const worker = await createWorker<DriverMessages>({ script: block('drivers.worker-side-detection') });
    assert.deepEqual(await worker.send('myMessage', { input: 'a' }), { result: 'ok' });
    await worker.close();
  });
});

/** Takes a worker of `./worker.js` with the default driver, and closes it. */
async function answersFromAProcessOfItsOwn(worker: Awaited<ReturnType<typeof createWorker>>): Promise<void> {
  assert.deepEqual(worker.capabilities, { reconnect: true, detach: true, sharedMemory: false, sync: true });
  assert.notEqual(worker.pid, process.pid);
  const answer = await worker.send('myMessage', { input: 'a' });
  assert.deepEqual(answer, { result: `process ${worker.pid} got a` });
  await worker.close();
}
