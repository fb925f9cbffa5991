// Names and options that are refused, and what is missing.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { createWorker } from 'isolated-workers';
import { NatsDriver, serve } from 'isolated-workers/drivers/nats';

import { noBroker, suiteBroker } from '../fixtures/nats/broker.mjs';
import { connectEcho, serveEcho } from '../fixtures/nats/support.mjs';
import { RecordingLogger, failure, fixture } from '../fixtures/support.mjs';

const script = fixture('nats/worker.mjs');

describe('A name that would be no single part of a subject is refused:', () => {
  for (const name of ['', 'a.b', 'a*', '>', 'a b', 'a\nb', 'é'.repeat(101)]) {
    test(JSON.stringify(name.slice(0, 10)), async () => {
      const [used, served] = [
        createWorker({ script: name, driver: new NatsDriver() }),
        serve({ script, name, servers: 'nats://127.0.0.1:1' }),
      ].map(failure);
      for (const error of [await used, await served]) assert.equal(error?.code, 'ERR_INVALID_OPTION');
    });
  }
});

describe('An invalid option is refused with its name:', () => {
  const wrong: Record<string, object> = {
    heartbeat: { heartbeat: { interval: 1000, timeout: 1500 } },
    'heartbeat.interval': { heartbeat: { interval: 0 } },
    maxMessageSize: { maxMessageSize: -1 },
    subjectPrefix: { subjectPrefix: 'a.b' },
    server: { server: 'nats://127.0.0.1' },
  };
  for (const [name, options] of Object.entries(wrong)) {
    test(name, async () => {
      const refused = { code: 'ERR_INVALID_OPTION', message: new RegExp(name) };
      assert.throws(() => new NatsDriver(options), refused);
      await assert.rejects(serve({ script, name: 'echo', ...options }), refused);
    });
  }

  test('workers', async () => {
    for (const workers of [0, 1.5, 5000]) {
      await assert.rejects(serve({ script, name: 'echo', workers }), {
        code: 'ERR_INVALID_OPTION',
        message: /^workers/,
      });
    }
  });

  test('waitForWorker', () => {
    assert.throws(() => new NatsDriver({ waitForWorker: 0 }), {
      code: 'ERR_INVALID_OPTION',
      message: /^waitForWorker/,
    });
  });
});

test('A script that does not exist cannot be served', async () => {
  const missing = serve({ script: fixture('nats/none.mjs'), name: 'echo' });
  await assert.rejects(missing, { code: 'ERR_SCRIPT_NOT_FOUND', message: /none\.mjs/ });
});

test('Where @nats-io/transport-node is not installed, the error says how to install it', async (t) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'without-nats-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const root = fileURLToPath(new URL('../..', import.meta.url));
  cpSync(path.join(root, 'dist'), path.join(folder, 'dist'), { recursive: true });
  for (const [file, load] of [
    ['mjs', `import { NatsDriver } from './dist/nats/index.mjs'`],
    ['cjs', `const { NatsDriver } = require('./dist/nats/index.cjs')`],
  ]) {
    const code = `${load}; new NatsDriver().spawn('echo', {}).catch(({ code, message }) => console.log(code, message))`;
    const type = file === 'mjs' ? 'module' : 'commonjs';
    const { stdout, stderr } = spawnSync(process.execPath, [`--input-type=${type}`, '--eval', code], {
      cwd: folder,
      encoding: 'utf8',
    });
    assert.match(stdout, /^ERR_PACKAGE_MISSING .*`npm install @nats-io\/transport-node`/, stderr);
  }
});

describe('With a broker,', { skip: noBroker }, () => {
  const broker = suiteBroker();

  test('a start for which no worker becomes free rejects in time, and the next one gets the freed worker', async (t) => {
    await serveEcho(t, broker.url);
    const worker = await connectEcho(t, broker.url);
    const second = () => connectEcho(t, broker.url, {}, { waitForWorker: 200 });
    assert.equal((await failure(second())).code, 'ERR_NO_SUCH_WORKER');
    const patient = connectEcho(t, broker.url);
    await worker.close();
    assert.equal(await (await patient).send('echo', 2), 2);
  });

  test('an option of the process is refused, because it already runs', async (t) => {
    await serveEcho(t, broker.url);
    const refused = await failure(connectEcho(t, broker.url, { argv: ['a'] } as never));
    assert.equal(refused.code, 'ERR_UNSUPPORTED_BY_DRIVER');
    assert.match(refused.message, /`argv`/);
  });

  test('a worker that ends before it serves fails the start of serving with its exit code', async () => {
    const early = serve({
      script: fixture('exits.mjs'),
      name: 'early',
      servers: broker.url,
      workers: 2,
      logger: new RecordingLogger(),
    });
    const error = await failure(early);
    assert.equal(error.code, 'ERR_WORKER_SPAWN_FAILED');
    assert.match(error.message, /exit code \d+/);
  });

  test('subjects with another prefix are apart', async (t) => {
    await serveEcho(t, broker.url, { subjectPrefix: 'other' });
    assert.equal((await failure(connectEcho(t, broker.url, {}, { waitForWorker: 100 }))).code, 'ERR_NO_SUCH_WORKER');
    const worker = await connectEcho(t, broker.url, {}, { subjectPrefix: 'other' });
    assert.equal(await worker.send('echo', 3), 3);
  });
});
