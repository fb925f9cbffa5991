// A custom driver delivers messages from other programs or from faulty code: each can fail only its own request, in
// the host and in the worker.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { createWorker, type DriverMessage } from 'isolated-workers';

import { MemoryChannel, memoryDriver } from '../../fixtures/drivers/custom/memory-driver.mjs';
import { shapes } from '../../fixtures/drivers/custom/wrong-messages.mjs';
import { failure, fixture, RecordingLogger } from '../../fixtures/drivers/support.mjs';
import { collectUncaught } from '../../fixtures/uncaught.mjs';

const program = fileURLToPath(fixture('custom/raw-worker'));
const uncaught = collectUncaught();

const handlers = {
  wait: () => new Promise(() => {}),
  async *count() {
    yield 1;
  },
  async take(_: unknown, { input }: { input: AsyncIterable<unknown> }) {
    for await (const chunk of input) void chunk;
  },
};
const kinds = ['result', 'error', 'progress', 'chunk', 'demand', 'fatal', 'hello', 'notification', 'request', 'stream', 'upload', 'duplex', 'cancel', 'credit', 'input', 'inputEnd', 'close', 'ended', 'keptResult', 'takenOver', undefined]; // prettier-ignore

async function start(t: { after(act: () => unknown): void }, channel: MemoryChannel): Promise<any> {
  const logger = new RecordingLogger();
  const worker = await createWorker({
    script: fixture('worker'),
    driver: memoryDriver(channel),
    handlers,
    logger,
  } as never);
  t.after(() => worker.close({ timeout: 50 }));
  return worker;
}

describe('In a host', () => {
  for (const [name, make] of Object.entries(shapes)) {
    test(`a payload that is ${name} fails its own request at most, in each kind of message`, async (t) => {
      const channel = new MemoryChannel();
      const worker = await start(t, channel);
      for (const kind of kinds) {
        const plain = channel.answerTo;
        channel.answerTo = ({ type, tx }: DriverMessage) => {
          channel.answerTo = plain;
          channel.deliver({
            type: kind === undefined ? `${type}Error` : type,
            tx,
            kind,
            payload: make(),
            context: make(),
          });
          channel.deliver({ type: 'take', tx: `own-${String(kind)}`, kind, payload: make() });
          channel.deliver(make());
          for (const member of ['type', 'tx', 'kind']) channel.deliver({ type: 'a', tx, kind, [member]: make() });
          channel.deliver({ type: `${type}Result`, tx, kind: 'result', payload: 'in the end' });
        };
        const [outcome] = await Promise.allSettled([worker.send('echo', 1)]);
        if (outcome.status === 'rejected') assert.ok(outcome.reason instanceof Error);
        if (worker.isActive) assert.equal(await worker.send('echo', 'alive'), 'alive');
      }
      assert.deepEqual(uncaught, []);
    });

    test(`a handshake that is ${name} fails the start with a code`, async () => {
      const channel = new MemoryChannel();
      channel.answer = (message) => {
        if (message.kind === 'hello') channel.deliver({ type: '', kind: 'hello', payload: make() });
      };
      const options = { script: fixture('worker'), driver: memoryDriver(channel), logger: new RecordingLogger() };
      assert.equal((await failure(createWorker(options as never))).code, 'ERR_PROTOCOL_MISMATCH');
      assert.deepEqual(uncaught, []);
    });
  }
});

function run(...args: string[]): Promise<any> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [program, ...args], { timeout: 60_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(JSON.parse(stdout));
      else reject(new Error(`${error.message}\n${stderr}`));
    });
  });
}

describe('In a worker', () => {
  test('messages of any shape throw nothing, and the worker goes on', async () => {
    const { asked, silentOn, uncaught: thrown } = await run();
    assert.deepEqual([asked, silentOn, thrown], [Object.keys(shapes).length, [], []]);
  });

  for (const name of ['null', 'text', 'getters', 'proxy', 'toStringThrows', 'helloWithWrongMembers']) {
    test(`a handshake that is ${name} fails the start with a code`, async () => {
      assert.deepEqual(await run(name), { code: 'ERR_PROTOCOL_MISMATCH', uncaught: [] });
    });
  }
});
