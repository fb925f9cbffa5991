// What an isolate reaches: nothing of Node, of its host or of another isolate but what it is given.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { failure } from '../fixtures/support.mjs';
import { modes, startIsolate } from '../fixtures/isolate/support.mjs';

for (const mode of modes) {
  describe(`An isolate, mode '${mode}',`, () => {
    test('has the globals of the language and of the web, and none of Node', async (t) => {
      const worker = await startIsolate(t, 'has: (names) => names.filter((name) => name in globalThis)', { mode });
      const web = ['console', 'setTimeout', 'queueMicrotask', 'performance', 'TextEncoder', 'URL', 'AbortController'];
      const more = ['structuredClone', 'atob', 'crypto', 'TextDecoder'];
      const node = [
        'process',
        'require',
        'module',
        'Buffer',
        'global',
        'fetch',
        'std',
        'os',
        'isolated-workers:bridge',
      ];
      assert.deepEqual(await worker.send('has', [...web, ...more, ...node]), [...web, ...more]);
    });

    test('calls the functions of the host that it is given, and waits for their results', async (t) => {
      const calls: unknown[] = [];
      const globals = {
        double: (n: number) => {
          calls.push(n);
          return n * 2;
        },
        later: async (value: unknown) => ({ value, at: new Date(0) }),
        refuse: () => {
          throw new RangeError('not today');
        },
        odd: () => () => {},
        hang: () => new Promise(() => {}),
      };
      const handlers = `
        double: (n) => double(n),
        later: (value) => later(value),
        refuse: () => refuse().catch(({ name, message }) => [name, message]),
        odd: () => odd().catch(({ message }) => message),
        hangAll: (n) => Promise.all(Array.from({ length: n }, () => hang())),
        many: (n) => Promise.all(Array.from({ length: n }, (_, i) => double(i))),`;
      const worker = await startIsolate(t, handlers, { mode, globals });
      assert.equal(await worker.send('double', 21), 42);
      assert.deepEqual(await worker.send('later', new Map([[1, 'x']])), {
        value: new Map([[1, 'x']]),
        at: new Date(0),
      });
      assert.deepEqual(await worker.send('refuse'), ['RangeError', 'not today']);
      assert.match(await worker.send('odd'), /cannot be sent to an isolate/);
      assert.deepEqual((await worker.send('many', 500)).at(-1), 998);
      assert.equal(calls.length, 501);
      assert.match((await failure(worker.send('hangAll', 2000))).message, /more than 1024 calls/);
    });

    test('keeps its changes of built-in objects to itself', async (t) => {
      const spoil = `spoil: () => {
        Object.prototype.polluted = true;
        Array.prototype.push = () => 0;
        Map.prototype.set = JSON.stringify = Promise.prototype.then = undefined;
        return { a: [1, { b: 2 }] };
      }, `;
      const worker = await startIsolate(t, spoil, { mode, limits: { cpuMsPerMessage: 300 } });
      // Its own library may no longer work: that is its loss.
      await worker.send('spoil', undefined, { timeout: 500 }).catch(() => {});
      assert.equal(({} as { polluted?: unknown }).polluted, undefined);
      const other = await startIsolate(t, 'look: () => [{}.polluted, [].push.name]', { mode });
      assert.deepEqual(await other.send('look'), [undefined, 'push']);
    });

    test('gives members like `__proto__` to the host as members', async (t) => {
      const worker = await startIsolate(t, `make: () => JSON.parse('{"__proto__": {"a": 1}}')`, { mode });
      const made = await worker.send('make');
      assert.deepEqual([Object.keys(made), made.a], [['__proto__'], undefined]);
    });

    test('receives the bytes of a view, and none of the memory around it', async (t) => {
      const worker = await startIsolate(t, 'size: (view) => view.buffer.byteLength', { mode });
      assert.equal(await worker.send('size', Buffer.from('abc')), 3);
      const [view] = await (await startIsolate(t, 'make: () => [new Uint8Array(3)]', { mode })).send('make');
      assert.equal(view.buffer.byteLength, 3);
    });

    test('ends when an error is caught by nothing, with this error as the cause', async (t) => {
      const handlers = `
        fall: () => { setTimeout(() => { throw Object.assign(new TypeError('fell'), { code: 'E_FELL' }); }); return new Promise(() => {}); },
        reject: () => { Promise.reject(new RangeError('nobody caught it')); return new Promise(() => {}); }`;
      const fallen = await failure((await startIsolate(t, handlers, { mode })).send('fall'));
      const { name, message, code } = fallen.cause as Error & { code?: unknown };
      assert.deepEqual([name, message, code], ['TypeError', 'fell', 'E_FELL']);
      const rejected = await failure((await startIsolate(t, handlers, { mode })).send('reject'));
      assert.equal((rejected.cause as Error).message, 'nobody caught it');
    });

    test('reads its start-up data while its script runs', async (t) => {
      const source = `import { getStartupData, startWorkerServer } from 'isolated-workers';
        const data = getStartupData();
        await startWorkerServer({ data: () => data });`;
      const worker = await startIsolate(t, '', { mode, sources: { 'main.js': source } }, { startupData: { width: 3 } });
      assert.deepEqual(await worker.send('data'), { width: 3 });
    });

    test('whose script serves nothing ends, and the error says why', async (t) => {
      const error = await failure(startIsolate(t, '', { mode, sources: { 'main.js': 'export {};' } }));
      assert.match(error.message, /exited with code 0\. Its script ended without calling startWorkerServer\(\)/);
      const waiting = startIsolate(t, '', { mode, sources: { 'main.js': 'await new Promise(() => {});' } });
      assert.match(
        (await failure(waiting)).message,
        /exited with code 13\. Its script awaits a promise that never settles/,
      );
    });
  });
}
