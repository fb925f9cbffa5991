import assert from 'node:assert/strict';

import type { Definition } from '../definition.js';
import { stillAnswers, upTo } from '../expect.js';
import type { ConformanceWorker, HostHandlers, Stage, StartOptions } from '../harness.js';

/** The handlers of the host of one case, and the calls that it has received. */
async function startWithHandlers(stage: Stage, options: StartOptions = {}) {
  const seen: unknown[] = [];
  const handlers: HostHandlers = {
    hostEcho: (payload) => payload,
    hostFail() {
      throw Object.assign(new RangeError('in the host'), { code: 'E_HOST' });
    },
    hostNever: (_, { signal }) =>
      new Promise(() => signal.addEventListener('abort', () => seen.push('aborted'), { once: true })),
    async *hostNumbers(count) {
      try {
        for (let next = 0; next < count; next++) yield next;
        return count;
      } finally {
        seen.push('ended');
      }
    },
    async hostTotal(_, { input }) {
      let total = 0;
      for await (const chunk of input) total += chunk;
      return total;
    },
    async hostPing(depth, { worker }) {
      return depth === 0 ? 0 : 1 + (await worker.send('ping', depth - 1));
    },
    said: (payload) => void seen.push(payload),
  };
  const worker = await stage.start({ handlers, ...options });
  return { worker, seen };
}

async function untilSeen(worker: ConformanceWorker, seen: readonly unknown[], value: unknown): Promise<void> {
  while (!seen.includes(value)) await worker.send('echo', 1);
}

/** Workers that call their host. */
export const calls: readonly Definition[] = [
  {
    name: 'a worker calls its host, and gets its answer',
    async test(stage) {
      const { worker } = await startWithHandlers(stage);
      const payload = { deep: [{ text: 'ä€😀' }, null, 1.5] };
      assert.deepEqual(await worker.send('ask', { type: 'hostEcho', payload }), { value: payload });
      const many = upTo(200).map((value) => worker.send('ask', { type: 'hostEcho', payload: value }));
      assert.deepEqual(
        await Promise.all(many),
        upTo(200).map((value) => ({ value })),
      );
    },
  },
  {
    name: "an error of a host's handler reaches the worker",
    async test(stage) {
      const { worker } = await startWithHandlers(stage);
      const error = await worker.send('ask', { type: 'hostFail' });
      assert.deepEqual(error, { name: 'RangeError', message: 'in the host', code: 'E_HOST' });
    },
  },
  {
    name: 'the host refuses a type that it does not handle, and the error names the types that it handles',
    async test(stage) {
      const { worker } = await startWithHandlers(stage);
      const { code, message } = await worker.send('ask', { type: 'constructor' });
      assert.equal(code, 'ERR_UNKNOWN_MESSAGE_TYPE');
      assert.match(message ?? '', /the host has no handler .*"constructor".*"hostEcho"/);
      const none = await stage.start();
      assert.match((await none.send('ask', { type: 'hostEcho' })).message ?? '', /It has no handlers/);
    },
  },
  {
    name: 'requests of a worker time out and can be cancelled like those of its host',
    async test(stage) {
      const { worker, seen } = await startWithHandlers(stage);
      assert.equal((await worker.send('ask', { type: 'hostNever', timeout: 20 })).code, 'ERR_MESSAGE_TIMEOUT');
      await untilSeen(worker, seen, 'aborted');
      seen.length = 0;
      assert.equal((await worker.send('ask', { type: 'hostNever', abortAfter: 20 })).name, 'TimeoutError');
      await untilSeen(worker, seen, 'aborted');
      await stillAnswers(worker);
    },
  },
  {
    name: 'a host streams to its worker, and a worker to its host',
    async test(stage) {
      const { worker, seen } = await startWithHandlers(stage);
      assert.deepEqual(await worker.send('askStream', { count: 300 }), { chunks: upTo(300), result: 300 });
      assert.deepEqual(await worker.send('askStream', { count: 1e9, most: 10 }), { chunks: upTo(10) });
      while (seen.length < 2) await worker.send('echo', 1);
      assert.deepEqual(seen, ['ended', 'ended']);
      assert.equal(await worker.send('askTotal', 300), (299 * 300) / 2);
    },
  },
  {
    name: 'the host emits and handles the notifications of its worker',
    async test(stage) {
      const { worker, seen } = await startWithHandlers(stage);
      const told: unknown[] = [];
      worker.on('notification', (message) => told.push(message));
      await worker.send('tell', { one: 1 });
      await worker.send('tell', 'two');
      await stillAnswers(worker);
      assert.deepEqual(seen, [{ one: 1 }, 'two']);
      assert.deepEqual(told, [
        { type: 'said', payload: { one: 1 } },
        { type: 'said', payload: 'two' },
      ]);
    },
  },
  {
    name: 'host and worker call each other, many levels deep',
    async test(stage) {
      const { worker } = await startWithHandlers(stage);
      const deep = upTo(20).map(() => worker.send('ping', 50));
      assert.deepEqual(
        await Promise.all(deep),
        upTo(20).map(() => 50),
      );
    },
  },
  {
    name: 'the middleware of the host sees the requests of its worker',
    async test(stage) {
      const seen: string[] = [];
      const { worker } = await startWithHandlers(stage, {
        middleware: ({ type, tx }, direction) => void seen.push(`${direction} ${type} ${typeof tx}`),
      });
      await worker.send('ask', { type: 'hostEcho', payload: 1 });
      assert.deepEqual(seen, [
        'outgoing ask string',
        'incoming hostEcho string',
        'outgoing hostEchoResult string',
        'incoming askResult string',
      ]);
    },
  },
];
