// Serializers of text and of bytes, built-in and custom.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';

import { createWorker, JsonSerializer, type DefineMessages, type Serializer } from 'isolated-workers';

import { serializer } from '../fixtures/serializers.mjs';
import { failure, fixture, isAlive, start } from '../fixtures/support.mjs';

type Messages = DefineMessages<{
  echo: { payload: any; result: any };
  kindOf: { payload: any; result: string };
  nothing: { payload: void; result: any };
  fall: { payload: string };
  startupData: { payload: void; result: any };
}>;

const script = fixture('serializer.mjs');
const startWith = (t: TestContext, host: string, worker = host) =>
  start<Messages>(t, { script, argv: [worker], serializer: serializer(host), startupData: { text: 'é\n' } });

const everyByte = String.fromCharCode(...Array(256).keys());
const values = [
  'plain',
  { text: `${everyByte}€😀`, list: [1, -1.5, null, true, { deep: [[]] }] },
  'line\r\nline\0\n\n',
  '',
  [],
  null,
  false,
  'x€'.repeat(200_000),
];

for (const name of ['json', 'json-nul', 'json-lines', 'json-arrows', 'prefixed', 'msgpack', 'v8', 'gzip', 'aes']) {
  describe(`with the serializer ${name}`, () => {
    test('the worker receives payloads, and the host results, unchanged', async (t) => {
      const worker = await startWith(t, name);
      for (const value of values) assert.deepEqual(await worker.send('echo', value), value);
    });

    test('the host matches many results to their requests', async (t) => {
      const worker = await startWith(t, name);
      const sent = Array.from({ length: 300 }, (_, index) => ({ index, text: 'ä\n'.repeat(index % 40) }));
      assert.deepEqual(await Promise.all(sent.map((value) => worker.send('echo', value))), sent);
    });

    test('undefined arrives as a payload and as a result', async (t) => {
      const worker = await startWith(t, name);
      assert.equal(await worker.send('kindOf', undefined), 'undefined');
      assert.equal(await worker.send('nothing'), undefined);
      const mixed = [1, undefined, 'x', undefined];
      assert.deepEqual(await Promise.all(mixed.map((value) => worker.send('echo', value))), mixed);
    });

    test('the host receives the errors of handlers', async (t) => {
      const worker = await startWith(t, name);
      const error = await failure(worker.send('fall', 'ä€\n'));
      assert.ok(error instanceof RangeError);
      assert.equal(error.message, 'ä€\n');
      assert.deepEqual({ ...error }, { code: 'E_FALL', detail: { a: 1 } });
    });

    test('startup data arrive, and an unknown message type fails', async (t) => {
      const worker = await startWith(t, name);
      assert.deepEqual(await worker.send('startupData'), { text: 'é\n' });
      await assert.rejects(worker.send('missing' as 'echo', 1), { code: 'ERR_UNKNOWN_MESSAGE_TYPE' });
      assert.equal(await worker.send('echo', 1), 1);
    });
  });
}

describe('A binary serializer', () => {
  for (const name of ['msgpack', 'v8', 'aes']) {
    test(`carries every byte value (${name})`, async (t) => {
      const worker = await startWith(t, name);
      const bytes = Uint8Array.from({ length: 1024 }, (_, index) => index % 256);
      const echoed = (await worker.send('echo', bytes)) as Uint8Array;
      assert.deepEqual([...echoed], [...bytes]);
      const large = new Uint8Array(3_000_000).map((_, index) => (index * 31) % 256);
      assert.ok(Buffer.from((await worker.send('echo', large)) as Uint8Array).equals(large));
    });
  }

  test('carries values that JSON cannot', async (t) => {
    const worker = await startWith(t, 'v8');
    const value = { map: new Map([[1, new Set(['a'])]]), big: 12n, date: new Date(0), none: undefined };
    assert.deepEqual(await worker.send('echo', value), value);
  });
});

describe('A serializer that fails', () => {
  test('rejects the request whose payload it cannot write', async (t) => {
    const worker = await startWith(t, 'moody');
    const error = await failure(worker.send('echo', 'fail to write'));
    assert.equal(error.code, 'ERR_NOT_SERIALIZABLE');
    assert.match(error.message, /echo.*"moody".*cannot write/);
    assert.equal(error.cause.message, 'cannot write');
    assert.equal(await worker.send('echo', 1), 1);
  });

  test('rejects the request whose payload it cannot read in the worker, and no other', async (t) => {
    const worker = await startWith(t, 'moody');
    const outcomes = await Promise.allSettled([
      worker.send('echo', 1),
      worker.send('echo', 'fail to read'),
      worker.send('echo', 2),
    ]);
    assert.deepEqual(outcomes[0], { status: 'fulfilled', value: 1 });
    assert.deepEqual(outcomes[2], { status: 'fulfilled', value: 2 });
    const error = (outcomes[1] as PromiseRejectedResult).reason;
    assert.equal(error.code, 'ERR_MALFORMED_MESSAGE');
    assert.match(error.message, /"moody".*cannot read/);
  });

  test('rejects the request whose result it cannot write', async (t) => {
    const worker = await startWith(t, 'moody');
    await assert.rejects(worker.send('echo', 'turn bad'), {
      name: 'WorkerError',
      code: 'ERR_NOT_SERIALIZABLE',
      message: /result of "echo"/,
    });
    assert.equal(await worker.send('echo', 1), 1);
  });

  test('rejects the request for which it returned a string without a terminator', async (t) => {
    const worker = await startWith(t, 'moody');
    await assert.rejects(worker.send('echo', 'write a string'), {
      code: 'ERR_NOT_SERIALIZABLE',
      message: /must return a Uint8Array/,
    });
    assert.equal(await worker.send('echo', 1), 1);
  });
});

describe('A message that contains the terminator', () => {
  test('fails alone when the host writes it', async (t) => {
    const worker = await startWith(t, 'plain');
    const outcomes = await Promise.allSettled([
      worker.send('echo', 'one'),
      worker.send('echo', 'two\nlines'),
      worker.send('echo', 'three'),
    ]);
    assert.deepEqual(outcomes[0], { status: 'fulfilled', value: 'one' });
    assert.deepEqual(outcomes[2], { status: 'fulfilled', value: 'three' });
    const error = (outcomes[1] as PromiseRejectedResult).reason;
    assert.equal(error.name, 'WorkerError');
    assert.equal(error.code, 'ERR_TERMINATOR_IN_MESSAGE');
  });

  test('fails alone when the worker writes it', async (t) => {
    const worker = await startWith(t, 'plain');
    const twoLines = `${Buffer.from('two\nlines').toString('hex')}!`;
    const outcomes = await Promise.allSettled([
      worker.send('echo', 'one'),
      worker.send('echo', twoLines),
      worker.send('echo', 'three'),
    ]);
    assert.deepEqual(outcomes[0], { status: 'fulfilled', value: 'one' });
    assert.deepEqual(outcomes[2], { status: 'fulfilled', value: 'three' });
    assert.equal((outcomes[1] as PromiseRejectedResult).reason.code, 'ERR_TERMINATOR_IN_MESSAGE');
  });

  test('fails with a terminator of several bytes, which JSON does not escape', async (t) => {
    const worker = await startWith(t, 'json-arrows');
    await assert.rejects(worker.send('echo', 'a→→b'), { code: 'ERR_TERMINATOR_IN_MESSAGE' });
    assert.equal(await worker.send('echo', 'a→b→c'), 'a→b→c');
    assert.equal(await worker.send('echo', '→'), '→', 'a part of it at the end is no terminator');
  });

  test('makes post throw', async (t) => {
    const worker = await startWith(t, 'plain');
    assert.throws(() => worker.post('echo', 'two\nlines'), { code: 'ERR_TERMINATOR_IN_MESSAGE' });
    assert.equal(await worker.send('echo', 'one'), 'one');
  });
});

describe('Serializers that differ between host and worker', () => {
  for (const [host, worker] of [
    ['json', 'msgpack'],
    ['msgpack', 'json'],
    ['json', 'prefixed'],
    ['prefixed', 'json'],
    ['msgpack', 'v8'],
  ] as const) {
    test(`reject createWorker with an error that names both: ${host} and ${worker}`, async () => {
      const error = await failure(
        createWorker<Messages>({
          script,
          argv: [worker],
          serializer: serializer(host),
          stdio: ['ignore', 'inherit', 'ignore'],
        }),
      );
      assert.equal(error.name, 'WorkerError');
      assert.equal(error.code, 'ERR_SERIALIZER_MISMATCH');
      assert.ok(error.message.includes(`"${host}"`), error.message);
      assert.ok(error.message.includes(`"${worker}"`), error.message);
    });
  }

  test('differ also by their terminator, with the same name', async () => {
    await assert.rejects(
      createWorker<Messages>({
        script,
        argv: ['json-nul'],
        serializer: serializer('json'),
        stdio: ['ignore', 'inherit', 'ignore'],
      }),
      { code: 'ERR_SERIALIZER_MISMATCH', message: /terminator/ },
    );
  });

  test('reject requests sent before the handshake, and leave no process behind', async () => {
    const worker = await createWorker<Messages>({
      script,
      argv: ['msgpack'],
      waitForReady: false,
      stdio: ['ignore', 'inherit', 'ignore'],
    });
    await assert.rejects(worker.send('echo', 1), { code: 'ERR_SERIALIZER_MISMATCH' });
    await worker.close();
    assert.equal(isAlive(worker.pid), false);
  });
});

test('createWorker refuses a value that is no serializer', async () => {
  const good = { name: 'x', serialize: () => '', deserialize: () => 0 };
  const wrong = [null, 7, {}, { ...good, name: '' }, { ...good, serialize: 1 }, { ...good, terminator: '' }];
  for (const each of [...wrong, { ...good, terminator: 7 }]) {
    await assert.rejects(createWorker({ script, serializer: each as unknown as Serializer }), {
      code: 'ERR_INVALID_OPTION',
    });
  }
});

test('JsonSerializer refuses a terminator that is empty or no string', () => {
  for (const terminator of ['', 7, {}]) {
    assert.throws(() => new JsonSerializer({ terminator: terminator as string }), { code: 'ERR_INVALID_OPTION' });
  }
});

test('JsonSerializer encodes and decodes without a worker', () => {
  const json = new JsonSerializer();
  assert.equal(json.name, 'json');
  assert.equal(json.terminator, '\n');
  assert.deepEqual(json.deserialize(json.serialize({ a: [1] })), { a: [1] });
  assert.deepEqual(json.deserialize(Buffer.from('{"é":1}')), { é: 1 });
});
