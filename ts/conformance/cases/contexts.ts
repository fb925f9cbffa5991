import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';

import type { Definition } from '../definition.js';
import { rejection, rejectsWith, stillAnswers, upTo } from '../expect.js';
import type { Stage } from '../harness.js';
import { carrierOf, FORGOTTEN, REFUSED, type Store, UNFIT } from '../contexts.js';

/** A worker and its host, each with a context. */
async function start(stage: Stage) {
  const store: Store = new AsyncLocalStorage();
  const current = () => store.getStore() ?? 'none';
  const said: string[] = [];
  const worker = await stage.startFull({
    context: carrierOf(store),
    handlers: {
      hostStore: async () => {
        const before = current();
        await Promise.resolve();
        assert.equal(current(), before);
        return before;
      },
      async *hostStores() {
        yield current();
        await Promise.resolve();
        yield current();
      },
      said: (user) => void said.push(`${String(user)} as ${current()}`),
    },
  });
  return { worker, said, as: <T>(user: string, act: () => T): T => store.run(user, act) };
}

/** The context of messages. */
export const contexts: readonly Definition[] = [
  {
    name: "a handler runs in its caller's context, for as long as it runs, and in none where its message had none",
    async test(stage) {
      const { worker, as } = await start(stage);
      assert.deepEqual(await as('Ada', () => worker.send('store')), ['Ada', 'Ada']);
      assert.deepEqual(await as('ä€😀"\n', () => worker.send('store')), ['ä€😀"\n', 'ä€😀"\n']);
      assert.deepEqual(await worker.send('store'), ['none', 'none']);
    },
  },
  {
    name: 'requests that run at the same time keep their contexts apart',
    async test(stage) {
      const { worker, as } = await start(stage);
      const users = upTo(100).map((number) => (number % 5 === 0 ? undefined : `user ${number}`));
      const sent = users.map((user) =>
        user === undefined ? worker.send('store') : as(user, () => worker.send('store')),
      );
      assert.deepEqual(
        await Promise.all(sent),
        users.map((user = 'none') => [user, user]),
      );
    },
  },
  {
    name: "the handler of a notification runs in its caller's context",
    async test(stage) {
      const { worker, as } = await start(stage);
      const caseId = `${stage.caseId} stores`;
      as('first', () => worker.post('noteStore', { caseId }));
      worker.post('noteStore', { caseId });
      as('third', () => worker.post('noteStore', { caseId }));
      assert.deepEqual(await worker.send('noted', { caseId }), ['first', 'none', 'third']);
    },
  },
  {
    name: "a stream is made, and an input is read, in the caller's context",
    async test(stage) {
      const { worker, as } = await start(stage);
      const streams = ['one', 'two'].map((user) => as(user, () => worker.stream('storeChunks')));
      for (const [index, stream] of streams.entries()) {
        const user = index === 0 ? 'one' : 'two';
        const read: string[] = [];
        for await (const each of stream) read.push(each);
        assert.deepEqual([...read, await stream.result], [user, user, user]);
      }
      const input = [1, 2, 3];
      const sent = as('uploading', () => worker.send('storeInput', undefined, { input }));
      assert.deepEqual(await sent, ['uploading', 'uploading', 'uploading']);
    },
  },
  {
    name: 'requests, streams and posts of a worker carry its context, and a nested call carries the context that reached it',
    async test(stage) {
      const { worker, said, as } = await start(stage);
      assert.deepEqual(await as('of the host', () => worker.send('askStore', undefined)), { value: 'of the host' });
      const asked = upTo(20).map((number) => as('of the host', () => worker.send('askStore', `worker ${number}`)));
      assert.deepEqual(
        await Promise.all(asked),
        upTo(20).map((number) => ({ value: `worker ${number}` })),
      );
      assert.deepEqual(await worker.send('askStore', undefined), { value: 'none' });
      assert.deepEqual(await worker.send('askStoreChunks', 'reader'), ['reader', 'reader']);
      await worker.send('tellStore', 'teller');
      await stillAnswers(worker);
      assert.deepEqual(said, ['teller as teller']);
    },
  },
  {
    name: 'a message carries the context of its call, however long it waits',
    async test(stage) {
      const store: Store = new AsyncLocalStorage();
      const worker = await stage.start({
        script: stage.fullScript,
        context: carrierOf(store),
        waitForReady: false,
        middleware: async () => {},
      });
      const sent = upTo(10).map((number) => store.run(`user ${number}`, () => worker.send('store')));
      assert.deepEqual(
        await Promise.all(sent),
        upTo(10).map((number) => [`user ${number}`, `user ${number}`]),
      );
    },
  },
  {
    name: 'the call throws the error of inject(), and the host sends nothing',
    async test(stage) {
      const { worker, as } = await start(stage);
      const caseId = `${stage.caseId} unfit`;
      const error = await rejection(as(UNFIT, () => worker.send('noteStore', { caseId })));
      assert.ok(error instanceof TypeError && error.message === 'no way out');
      assert.throws(() => as(UNFIT, () => worker.post('noteStore', { caseId })), /no way out/);
      const asked = await worker.send('askStore', UNFIT);
      assert.deepEqual([asked.name, asked.message], ['TypeError', 'no way out']);
      assert.deepEqual(await worker.send('noted', { caseId }), []);
      await stillAnswers(worker);
    },
  },
  {
    name: 'an extract() that throws, or does not call its function, fails only its request',
    async test(stage) {
      const { worker, as } = await start(stage);
      const caseId = `${stage.caseId} refused`;
      const sent = [REFUSED, FORGOTTEN, 'welcome'].map((user) => as(user, () => worker.send('noteStore', { caseId })));
      const [refused, forgotten, welcome] = sent as [Promise<unknown>, Promise<unknown>, Promise<unknown>];
      const error = await rejection(refused);
      assert.ok(error instanceof RangeError && error.message === 'no way in');
      await rejectsWith(forgotten, 'ERR_INVALID_OPTION', 'context.extract() did not call `run`');
      await welcome;
      assert.deepEqual(await worker.send('noted', { caseId }), ['welcome']);
      for (const [user, text] of [
        [REFUSED, 'no way in'],
        [FORGOTTEN, 'context.extract() did not call `run`'],
      ] as const) {
        // Behind it may stand where it belongs.
        const { message } = await worker.send('askStore', user);
        assert.ok(message?.startsWith(text), message);
      }
      assert.deepEqual(await worker.send('askStore', 'welcome'), { value: 'welcome' });
    },
  },
  {
    name: 'the sender refuses a context that is too long or no text',
    async test(stage) {
      let carrier: unknown;
      const worker = await stage.startFull({
        context: { inject: () => carrier as Record<string, string>, extract: (_, run) => run() },
      });
      for (const [given, code] of [
        [{ user: 'x'.repeat(16_384) }, 'ERR_MESSAGE_TOO_LARGE'],
        [{ user: 1 }, 'ERR_INVALID_OPTION'],
        ['text', 'ERR_INVALID_OPTION'],
      ] as const) {
        carrier = given;
        await rejectsWith(worker.send('store'), code, 'context.inject()');
      }
      carrier = { user: 'x'.repeat(16_000) };
      assert.equal((await worker.send('store'))[1].length, 16_000);
    },
  },
  {
    name: 'a host without a context carrier receives and sends no context',
    async test(stage) {
      const said: unknown[] = [];
      const worker = await stage.startFull({
        handlers: { hostStore: () => 'nothing came', said: (user) => void said.push(user) },
      });
      assert.deepEqual(await worker.send('store'), ['none', 'none']);
      assert.deepEqual(await worker.send('askStore', 'worker'), { value: 'nothing came' });
      await worker.send('tellStore', 'worker');
      await stillAnswers(worker);
      assert.deepEqual(said, ['worker']);
    },
  },
];
