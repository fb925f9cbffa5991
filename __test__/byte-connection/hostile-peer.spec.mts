// A peer that breaks the protocol can fail its own requests, and nothing else. The peers here use none of this
// package's code.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';

import { createWorker, WorkerError, type Serializer, type WorkerOptions } from 'isolated-workers';

import { failure, fixture, type Loose, RecordingDriver, RecordingLogger } from '../fixtures/faults/support.mjs';
import { gone } from '../fixtures/processes.mjs';

const LIMIT = 64 * 1024;

async function start(t: TestContext, options: Partial<WorkerOptions<Loose>> = {}) {
  const logger = new RecordingLogger();
  const defaults = { script: fixture('hostile'), serializer: 'json', maxMessageSize: LIMIT, logger } as const;
  const worker = await createWorker<Loose>({ ...defaults, ...options });
  t.after(() => worker.close());
  return { worker, logger };
}

describe('Instead of a handshake', () => {
  const shakeHands = (argv: string[], driver: RecordingDriver) =>
    createWorker({ script: fixture('handshakes'), serializer: 'json', argv, driver, stdio: 'ignore' });
  const good = { kind: 'hello', protocol: 1, serializer: 'json', terminator: '\n' };
  const line = (members: object) => `${JSON.stringify({ ...good, ...members })}\n`;
  const cases: [title: string, code: string, pattern: RegExp, sent: string][] = [
    ['a line of text is quoted', 'ERR_PROTOCOL_MISMATCH', /Debugger listening/, 'Debugger listening on ws://\n'],
    ['an empty line is refused', 'ERR_PROTOCOL_MISMATCH', /no isolated-workers handshake/, '\n'],
    ['other JSON is refused', 'ERR_PROTOCOL_MISMATCH', /no isolated-workers handshake/, '{"kind":"hello"}\n'],
    ['another kind is refused', 'ERR_PROTOCOL_MISMATCH', /no isolated-workers handshake/, line({ kind: 'goodbye' })],
    ['a protocol that is no number is refused', 'ERR_PROTOCOL_MISMATCH', /no isolated-w/, line({ protocol: '1' })],
    ['bytes that are no text are refused', 'ERR_PROTOCOL_MISMATCH', /no isolated-workers handshake/, '\xff\xfe\x80\n'],
    ['a line without an end is refused', 'ERR_PROTOCOL_MISMATCH', /no isolated-workers handshake/, 'x'.repeat(100_000)],
    [
      'another protocol version is named',
      'ERR_PROTOCOL_MISMATCH',
      /9\.8\.7.*speaks 2/,
      line({ protocol: 2, version: '9.8.7' }),
    ],
    ['another serializer is named', 'ERR_SERIALIZER_MISMATCH', /"json".*"msgpack"/, line({ serializer: 'msgpack' })],
    ['another terminator is named', 'ERR_SERIALIZER_MISMATCH', /"\\n".*"\\0"/, line({ terminator: '\0' })],
    ['other framing is named', 'ERR_SERIALIZER_MISMATCH', /length-prefixed/, line({ terminator: null })],
  ];
  for (const [title, code, pattern, sent] of cases) {
    test(`${title}, and the host ends the process`, async () => {
      const driver = new RecordingDriver();
      const error = await failure(shakeHands([sent], driver));
      assert.ok(error instanceof WorkerError, String(error));
      assert.equal(error.code, code);
      assert.match(error.message, pattern);
      for (const pid of driver.pids) await gone(pid);
    });
  }

  for (const [title, sent] of [
    ['nothing, and the end of the connection', ''],
    ['half a handshake, and the end of the connection', '{"kind":"hel'],
  ] as const) {
    test(`${title} fails the start before its timeout, and the host ends the process`, async () => {
      const driver = new RecordingDriver();
      const error = await failure(shakeHands([sent, 'end'], driver));
      assert.equal(error.code, 'ERR_WORKER_CRASHED');
      assert.equal(error.phase, 'startup');
      for (const pid of driver.pids) await gone(pid);
    });
  }
});

test('A peer that closes its connection without reading everything has crashed, once the host has read what the peer wrote', async () => {
  const worker = await createWorker<Loose>({ script: fixture('leaves-unread'), serializer: 'json', stdio: 'ignore' });
  const error = await failure(worker.send('anything', 1));
  assert.equal(error.code, 'ERR_WORKER_CRASHED');
  assert.equal(error.phase, 'running');
  await gone(worker.pid);
});

for (const promise of ['', 'headFirst']) {
  describe(promise === '' ? 'A peer with JSON of its own' : 'A peer that promises our layout', () => {
    const hostile = (t: TestContext, options: Partial<WorkerOptions<Loose>> = {}) =>
      start(t, { argv: [promise], ...options });

    test('settles requests with its good answers between garbage, and the host logs the garbage', async (t) => {
      for (const type of ['garbage', 'binaryGarbage']) {
        const { worker, logger } = await hostile(t);
        const answers = Array.from({ length: 5 }, (_, index) => worker.send(type, { index }));
        assert.deepEqual(
          await Promise.all(answers),
          [0, 1, 2, 3, 4].map((index) => ({ index })),
        );
        assert.equal(await worker.send('plain', 'later'), 'later');
        assert.match(logger.warnings[0] as string, /from the worker was dropped/);
      }
    });

    test('cannot answer a request that the host did not send, nor one request twice', async (t) => {
      const { worker } = await hostile(t);
      assert.equal(await worker.send('unknownTransaction', 'right'), 'right');
      assert.equal(await worker.send('plain', 2), 2);
    });

    test('fails a request whose answer has another type', async (t) => {
      const { worker } = await hostile(t);
      for (const type of ['wrongType', 'plainType']) {
        const error = await failure(worker.send(type, 1));
        assert.ok(error instanceof WorkerError);
        assert.equal(error.code, 'ERR_MALFORMED_MESSAGE');
        assert.match(error.message, new RegExp(`"${type}"`));
      }
      assert.equal(await worker.send('plain', 2), 2);
    });

    test('fails a request whose error has no valid shape', async (t) => {
      const { worker } = await hostile(t);
      for (const type of ['errorThatIsNone', 'errorWithoutPayload']) {
        assert.equal((await failure(worker.send(type, 1))).code, 'ERR_MALFORMED_MESSAGE');
      }
      assert.ok((await failure(worker.send('strangeError', 1))) instanceof Error);
      assert.equal(await worker.send('plain', 2), 2);
    });

    for (const type of ['invalidText', 'cutCharacter']) {
      test(`fails a request whose answer is no UTF-8 (${type})`, async (t) => {
        const { worker } = await hostile(t, { timeout: 2000 });
        const neighbour = worker.send('plain', 1);
        const error = await failure(worker.send(type, 1));
        assert.equal(error.code, 'ERR_MALFORMED_MESSAGE');
        assert.match(error.message, /UTF-8|cannot be read/);
        assert.equal(await neighbour, 1);
        assert.equal(await worker.send('plain', 2), 2);
      });
    }

    test('fails only the request whose answer is over the limit', async (t) => {
      const { worker } = await hostile(t);
      for (const size of [LIMIT, LIMIT + 1, 10 * LIMIT, 5_000_000]) {
        const [before, error, behind] = await Promise.all([
          worker.send('plain', 'before'),
          failure(worker.send('oversized', size)),
          worker.send('plain', 'behind'),
        ]);
        assert.ok(error instanceof WorkerError);
        assert.equal(error.code, 'ERR_MESSAGE_TOO_LARGE');
        assert.match(error.message, /65536.*maxMessageSize/);
        assert.deepEqual([before, behind], ['before', 'behind']);
      }
      assert.equal((await worker.send('oversized', LIMIT / 2)).length, LIMIT / 2);
    });

    test('cannot stop the host with garbage over the limit, which the host skips', async (t) => {
      const { worker, logger } = await hostile(t);
      assert.equal(await worker.send('oversizedNonsense', 1), 1);
      assert.match(logger.warnings.join('\n'), /too large/);
    });

    test('may write one byte at a time, even within a character', async (t) => {
      const { worker } = await hostile(t);
      assert.equal(await worker.send('byteByByte', 1), 'größe 😀 漢字');
    });

    const batches: [type: string, broken: number[]][] = [
      ['brokenInBatch', [4]],
      ['twoInBatch', [4]],
    ];
    // Who promises our layout writes valid JSON, and its payloads are parsed together.
    if (promise === '') batches.push(['splitInBatch', [4, 5, 6]]);
    for (const [type, broken] of batches) {
      test(`fails only the requests whose payload is no JSON, of many at once (${type})`, async (t) => {
        const { worker } = await hostile(t, { timeout: 2000 });
        const requests = Array.from({ length: 10 }, (_, index) => worker.send(type, { index }));
        for (const [index, outcome] of (await Promise.allSettled(requests)).entries()) {
          if (broken.includes(index)) {
            assert.equal(outcome.status, 'rejected');
            assert.equal(outcome.reason.code, 'ERR_MALFORMED_MESSAGE');
          } else {
            const value = type === 'twoInBatch' && index === 5 ? undefined : { index };
            assert.deepEqual(outcome, { status: 'fulfilled', value });
          }
        }
        assert.equal(await worker.send('plain', 2), 2);
      });
    }

    test('fails its requests when it ends in the middle of an answer', async (t) => {
      const { worker, logger } = await hostile(t);
      const error = await failure(worker.send('midFrame', 'cut'));
      assert.equal(error.code, 'ERR_WORKER_CRASHED');
      assert.deepEqual(error.reason, { type: 'exit', code: 9, signal: null });
      assert.match(logger.warnings.join('\n'), /middle of a message/);
    });

    for (const type of ['midFrameButAlive', 'closesItsSocket', 'endsItsSide']) {
      test(`fails its requests when it lives on without a connection, and the host ends it (${type})`, async (t) => {
        const { worker } = await hostile(t);
        const error = await failure(worker.send(type, 1));
        assert.equal(error.code, 'ERR_WORKER_CRASHED');
        assert.equal(error.messageType, type);
        await gone(worker.pid);
        assert.deepEqual([worker.isActive, worker.isConnected], [false, false]);
      });
    }
  });
}

describe('A peer with JSON of its own', () => {
  test('may write members in any order, white space, and unknown members', async (t) => {
    const { worker } = await start(t);
    assert.deepEqual(await worker.send('otherOrder', 1), { a: [1] });
  });
});

describe('A peer with length-prefixed frames', () => {
  const bytes: Serializer = {
    name: 'bytes',
    terminator: null,
    serialize: (data) => data as Uint8Array,
    deserialize: (data) => Uint8Array.from(data as Uint8Array),
  };
  const binary = (t: TestContext) => start(t, { script: fixture('hostile-binary'), serializer: bytes });
  const payload = Uint8Array.of(1, 2, 0, 255);

  test('settles requests with its good answers between those whose inner lengths lie', async (t) => {
    const { worker, logger } = await binary(t);
    const answers = Array.from({ length: 5 }, () => worker.send('lyingLengths', payload));
    for (const answer of await Promise.all(answers)) assert.deepEqual(answer, payload);
    // Those of a kind that were not told one by one are counted a second later.
    await logger.until((count) => count === 5 * 9);
  });

  test('fails only the request whose answer is over the limit', async (t) => {
    const { worker } = await binary(t);
    for (const size of [LIMIT, 10 * LIMIT, 5_000_000]) {
      const error = await failure(worker.send('oversized', Buffer.from(Uint32Array.of(size).buffer)));
      assert.equal(error.code, 'ERR_MESSAGE_TOO_LARGE');
      assert.deepEqual(await worker.send('plain', payload), payload);
    }
  });

  test('cannot make its host reserve the memory that it declares', async (t) => {
    const { worker } = await binary(t);
    const before = process.memoryUsage.rss();
    const error = await failure(worker.send('hugeLength', new Uint8Array(2048)));
    assert.equal(error.code, 'ERR_MESSAGE_TOO_LARGE');
    assert.match(error.message, /4294967295 bytes/);
    assert.ok(process.memoryUsage.rss() - before < 64 * 1024 * 1024);
    await gone(worker.pid);
  });

  test('fails its requests when it ends before it has sent all the bytes that it declared', async (t) => {
    const { worker, logger } = await binary(t);
    const error = await failure(worker.send('shortLength', payload));
    assert.equal(error.code, 'ERR_WORKER_CRASHED');
    assert.equal(error.reason.code, 9);
    assert.match(logger.warnings.join('\n'), /middle of a message/);
  });
});
