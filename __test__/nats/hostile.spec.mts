// What a program that may publish to the subjects can do: it ends a session, and nothing else.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test, type TestContext } from 'node:test';

import { connect } from '@nats-io/transport-node';
import { WorkerCrashedError } from 'isolated-workers';

import { atEnd } from '../fixtures/nats/at-end.mjs';
import { noBroker, suiteBroker } from '../fixtures/nats/broker.mjs';
import { begun, connectEcho, serveEcho } from '../fixtures/nats/support.mjs';
import { failure } from '../fixtures/support.mjs';

describe('A stranger at the NATS server', { skip: noBroker }, () => {
  const broker = suiteBroker();

  async function stranger(t: TestContext) {
    const connection = await connect({ servers: broker.url });
    atEnd(t, () => connection.close());
    const seen = new Promise<string>((resolve) => {
      connection.subscribe('isolated-workers.session.*.worker', {
        callback: (_, { subject }) => resolve(subject.replace(/\.worker$/, '')),
      });
    });
    await connection.flush();
    return { connection, session: seen };
  }

  const head = (kind: number, number = 0) => Uint8Array.of(kind, number, 0, 0, 0);
  const frames: Record<string, Uint8Array> = {
    'an empty frame': new Uint8Array(),
    'a short frame': Uint8Array.of(0, 0),
    'a frame of a wrong number': head(2, 200),
    'random bytes': new Uint8Array(randomBytes(100)),
  };
  for (const side of ['host', 'worker']) {
    for (const [what, bytes] of Object.entries(frames)) {
      test(`ends a session with ${what} for the ${side}, and the next start gets a worker`, async (t) => {
        await serveEcho(t, broker.url);
        const { connection, session } = await stranger(t);
        const worker = await connectEcho(t, broker.url);
        const lost = failure(worker.send('never'));
        await begun(worker);
        connection.publish(`${await session}.${side}`, bytes);
        const error = await lost;
        assert.ok(error instanceof WorkerCrashedError, String(error));
        assert.equal(await (await connectEcho(t, broker.url)).send('echo', 'next'), 'next');
      });
    }
  }

  test('gets no worker for something other than a request, and takes none from others', async (t) => {
    await serveEcho(t, broker.url);
    const { connection } = await stranger(t);
    for (const text of ['', '{', 'null', '{"version":99}', 'a'.repeat(100_000)]) {
      const { data } = await connection.request('isolated-workers.offer.echo', text, { timeout: 5000 });
      assert.deepEqual(JSON.parse(Buffer.from(data).toString()), { version: 2 });
    }
    assert.equal(await (await connectEcho(t, broker.url)).send('echo', 'mine'), 'mine');
  });

  test('that answers in place of a serving process fails the start with ERR_PROTOCOL_MISMATCH', async (t) => {
    const { connection } = await stranger(t);
    const session = 'a'.repeat(24);
    const answers = ['', '{', 'null', '7', '{"version":1}', JSON.stringify({ version: 2, session: 'a.>', pid: 1 })];
    answers.push(JSON.stringify({ version: 2, session, pid: 'many' }));
    for (const answer of answers) {
      const subscription = connection.subscribe('isolated-workers.offer.echo', {
        callback: (_, message) => void message.respond(answer),
      });
      await connection.flush();
      assert.equal((await failure(connectEcho(t, broker.url))).code, 'ERR_PROTOCOL_MISMATCH', answer);
      subscription.unsubscribe();
    }
  });

  test('that claims a worker and does not come leaves it to the next host', async (t) => {
    const serving = await serveEcho(t, broker.url);
    const { connection } = await stranger(t);
    await connection.request('isolated-workers.offer.echo', '{"version":2}', { timeout: 5000 });
    assert.equal(serving.taken, 1);
    const worker = await connectEcho(t, broker.url);
    assert.deepEqual([await worker.send('pid')], serving.pids);
  });
});
