// A worker reads the start-up data of its host.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import {
  createSharedBuffer,
  createWorker,
  getStartupData,
  InProcessDriver,
  WorkerThreadsDriver,
  type DefineMessages,
} from 'isolated-workers';

import { fixture, start } from '../fixtures/support.mjs';

type Messages = DefineMessages<{
  kind: { payload: void; result: string };
  data: { payload: void; result: any };
  same: { payload: void; result: boolean };
}>;

for (const [format, name] of [
  ['an ES module', 'startup-data.mjs'],
  ['a CommonJS module', 'startup-data.cjs'],
] as const) {
  describe(`in ${format}`, () => {
    const script = fixture(name);

    test('getStartupData gives undefined when the host set none', async (t) => {
      const worker = await start<Messages>(t, { script });
      assert.equal(await worker.send('kind'), 'undefined');
    });

    test('the worker reads its startup data at import, before its server starts', async (t) => {
      const startupData = { text: 'ä€😀\n\0', list: [1, null], nested: { yes: true } };
      const worker = await start<Messages>(t, { script, startupData });
      assert.deepEqual(await worker.send('data'), startupData);
      assert.equal(await worker.send('same'), true, 'they are decoded once');
    });

    for (const startupData of [null, false, 0, '', []]) {
      test(`the worker can tell ${JSON.stringify(startupData)} from no startup data`, async (t) => {
        const worker = await start<Messages>(t, { script, startupData });
        assert.deepEqual(await worker.send('data'), startupData);
        assert.equal(await worker.send('kind'), typeof startupData);
      });
    }

    test('the worker reads startup data of 5 MB whole, with characters of each length', async (t) => {
      const startupData = { text: 'aé€😀'.repeat(1_000_000) };
      const worker = await start<Messages>(t, { script, startupData });
      assert.deepEqual(await worker.send('data'), startupData);
    });

    test('the worker answers requests that the host sent before the worker read its large startup data', async (t) => {
      const startupData = 'é'.repeat(3_000_000);
      const worker = await start<Messages>(t, { script, startupData, waitForReady: false });
      const [kind, data] = await Promise.all([worker.send('kind'), worker.send('data')]);
      assert.equal(kind, 'string');
      assert.equal(data, startupData);
    });
  });
}

test('A worker that never reads its startup data serves as usual', async (t) => {
  type Twice = DefineMessages<{ twice: { payload: number; result: number } }>;
  const worker = await start<Twice>(t, {
    script: fixture('call-forms.mjs'),
    argv: ['beside'],
    startupData: 'x'.repeat(5_000_000),
  });
  assert.equal(await worker.send('twice', 1), 2);
});

test('createWorker refuses startup data that it cannot serialise, and starts no worker', async () => {
  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  const refused = { name: 'WorkerError', code: 'ERR_NOT_SERIALIZABLE' };
  for (const startupData of [() => {}, Symbol('a'), new URL('file:///x'), { memory: new SharedArrayBuffer(1) }]) {
    await assert.rejects(createWorker({ script: fixture('echo.mjs'), startupData }), refused);
  }
  for (const startupData of [cyclic, 1n, new Map()]) {
    await assert.rejects(createWorker({ script: fixture('echo.mjs'), serializer: 'json', startupData }), refused);
  }
});

test('createWorker refuses a shared buffer as startup data, which a message may have', async () => {
  if (process.platform !== 'linux') return;
  await assert.rejects(createWorker({ script: fixture('echo.mjs'), startupData: [createSharedBuffer(1)] }), {
    code: 'ERR_NOT_SERIALIZABLE',
    message: /messages alone/,
  });
});

const cyclic: Record<string, any> = {
  bytes: new Float32Array([1, 0.5]),
  nothing: undefined,
  odd: [NaN, -0, 2n ** 70n],
};
cyclic['self'] = cyclic;
const rich = {
  map: new Map<unknown, unknown>([[{ a: 1 }, new Set([new Date(5), /x/gi])]]),
  error: new RangeError('r', { cause: { code: 'E' } }),
  text: 'long \u20ac '.repeat(5000),
  holes: Object.assign(new Array(3), { 0: 1, 2: 3 }),
  cyclic,
};
const drivers = { process: undefined, thread: WorkerThreadsDriver, 'the host itself': InProcessDriver };
for (const [name, driver] of Object.entries(drivers)) {
  test(`Startup data are what structured clone carries (${name})`, async (t) => {
    const options = { script: fixture('startup-data-rich.mjs'), startupData: rich };
    const worker = await start<any>(t, { ...options, ...(driver !== undefined && { driver }) } as never);
    const found = await worker.send('describe');
    assert.deepEqual(found, {
      map: [[{ a: 1 }, ['1970-01-01T00:00:00.005Z', '/x/gi']]],
      error: ['RangeError', 'r', { code: 'E' }],
      text: rich.text.length,
      holes: [true, false, true],
      bytes: ['Float32Array', 1, 0.5],
      odd: ['NaN', '-0', String(2n ** 70n)],
      nothing: true,
      cycle: true,
    });
  });
}

test('getStartupData gives undefined in a process that is no worker', () => {
  assert.equal(getStartupData(), undefined);
});

test('The host passes startup data neither in the environment nor in the arguments', async (t) => {
  const secret = 'only the worker may know this';
  const worker = await start(t, { startupData: secret });
  assert.equal(await worker.send('startupData'), secret);
  const { readFileSync } = await import('node:fs');
  for (const file of ['environ', 'cmdline']) {
    assert.ok(!readFileSync(`/proc/${worker.pid}/${file}`, 'utf8').includes(secret), file);
  }
});

for (const waitForReady of [true, false]) {
  test(`A worker reads its startup data for the first time after a reconnect (waitForReady: ${waitForReady})`, async (t) => {
    const options = { script: fixture('startup-data-late.mjs'), startupData: { a: [1, 'é'] }, waitForReady };
    const worker = await start(t, options);
    for (let round = 0; round < 2; round++) {
      await worker.disconnect();
      await worker.reconnect();
    }
    assert.deepEqual(await worker.send('startupData'), { a: [1, 'é'] });
    await worker.disconnect();
    await worker.reconnect();
    assert.deepEqual(await worker.send('startupData'), { a: [1, 'é'] });
  });
}
