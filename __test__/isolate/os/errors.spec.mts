// Errors in a worker reach `onerror` of its host. Only a limit ends the worker.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { Worker } from 'isolated-workers/drivers/isolate/os';

import { ways } from '../../fixtures/isolate/support.mjs';
import { errorOf, errorsOf, messageOf, startScript } from '../../fixtures/isolate/os/support.mjs';

/** Where an error may come from: the script that has it, a listener of messages, a timer, a promise. */
const places: Readonly<Record<string, string>> = {
  'the script': `throw new TypeError('here');`,
  'the script, later': `\n\nawait undefined; throw new TypeError('here');`,
  'a listener of messages': `import { Worker } from 'os'; Worker.parent.onmessage = () => { throw new TypeError('here'); };`,
  'a timer': `setTimeout(() => { throw new TypeError('here'); }, 1);`,
  'a microtask': `queueMicrotask(() => { throw new TypeError('here'); });`,
  'a promise': `Promise.reject(new TypeError('here'));`,
};

for (const [way, driverOptions] of Object.entries(ways)) {
  describe(`In a worker, ${way},`, () => {
    for (const [place, code] of Object.entries(places)) {
      test(`an error of ${place} is one event, with its class, its text and its place`, async (t) => {
        const worker = startScript(t, code, { driverOptions });
        let count = 0;
        const event = await new Promise<Awaited<ReturnType<typeof errorOf>>>((resolve) => {
          worker.onerror = (first) => {
            count++;
            resolve(first);
          };
          worker.postMessage(0);
        });
        assert.ok(event.error instanceof TypeError);
        assert.deepEqual([event.message, event.error.message], ['here', 'here']);
        assert.equal(event.filename, '/virtual/script.js');
        assert.equal(event.lineno, place === 'the script, later' ? 3 : 1);
        assert.match(event.error.stack ?? '', /^TypeError: here\n {4}at .*script\.js:\d+:\d+/);
        assert.doesNotMatch(event.error.stack ?? '', /null/);
        assert.equal(count, 1);
      });
    }

    test('an error does not end the worker', async (t) => {
      const code = `import { Worker } from 'os';
        Worker.parent.onmessage = ({ data }) => { if (data === 'throw') throw new Error('thrown'); Worker.parent.postMessage(data); };
        throw new Error('at the start');`;
      const worker = startScript(t, code, { driverOptions });
      const errors = errorsOf(worker, 2);
      worker.postMessage('throw');
      assert.deepEqual(
        (await errors).map(({ message }) => message),
        ['at the start', 'thrown'],
      );
      const answer = messageOf(worker);
      worker.postMessage('more');
      assert.equal(await answer, 'more');
    });

    test('a limit that is exceeded ends the worker, and is an error with its name', async (t) => {
      const hostile: [string, string][] = [
        ['for (;;);', 'cpuMsPerMessage'],
        ['const all = []; for (;;) all.push(new Array(1000).fill(0));', 'memoryMb'],
        ['const f = () => f() + 1; f();', 'stackKb'],
        [`import { Worker } from 'os'; for (;;) Worker.parent.onmessage = () => {};`, 'cpuMsPerMessage'],
      ];
      for (const [code, limit] of hostile) {
        const limits = { cpuMsPerMessage: limit === 'cpuMsPerMessage' ? 100 : 10_000, memoryMb: 8 };
        const worker = startScript(t, code, { driverOptions: { ...driverOptions, limits } });
        const { error, filename, message } = await errorOf(worker);
        const { code: named, limit: name } = error as Error & { code?: unknown; limit?: unknown };
        assert.deepEqual([named, name], ['ERR_RESOURCE_LIMIT', limit], code);
        assert.match(message, new RegExp(`limits\\.${limit} is \\d+`));
        assert.equal(filename, '/virtual/script.js');
      }
    });
  });
}

describe('An error of a worker', () => {
  test('has the members of the one that was thrown, its cause and its errors', async (t) => {
    const code = `const cause = new RangeError('cause');
      class Own extends Error { name = 'Own'; }
      const error = Object.assign(new Own('own', { cause }), { code: 'E_OWN', detail: { kind: new Map([[1, 2]]) } });
      throw new AggregateError([error, new TypeError('t'), 3], 'all');`;
    const { error } = await errorOf(startScript(t, code));
    assert.ok(error instanceof AggregateError);
    const [own, typeError, three] = error.errors as [Error & { code?: unknown; detail?: unknown }, unknown, unknown];
    assert.ok(own instanceof Error && typeError instanceof TypeError && own.cause instanceof RangeError);
    assert.deepEqual([error.message, own.name, own.message, three], ['all', 'Own', 'own', 3]);
    assert.deepEqual([own.code, own.detail], ['E_OWN', { kind: new Map([[1, 2]]) }]);
  });

  test('may be its own cause', async (t) => {
    const { error } = await errorOf(startScript(t, `const error = new Error('e'); error.cause = error; throw error;`));
    assert.equal(error?.cause, error);
  });

  test('reaches the host without its members where the worker cannot send these', async (t) => {
    const code = `throw Object.assign(new RangeError('real'), { f: () => 1, code: 'E' });`;
    const { error } = await errorOf(startScript(t, code));
    assert.ok(error instanceof RangeError);
    assert.deepEqual([error.message, 'f' in error], ['real', false]);
  });

  test('is its text alone where nothing else can be read or sent', async (t) => {
    const texts: [string, string][] = [
      [`throw Object.defineProperty(new Error('real'), 'stack', { get() { throw 1; } });`, 'real'],
      [`throw { toString() { throw 1; } };`, 'a value without a text'],
      [`throw Symbol('s');`, 'Symbol(s)'],
    ];
    for (const [code, text] of texts) assert.equal((await errorOf(startScript(t, code))).message, text);
    const limits = { maxResultBytes: 8192 };
    const long = startScript(t, `throw new Error('x'.repeat(100_000));`, { driverOptions: { limits } });
    assert.equal((await errorOf(long)).message, 'x'.repeat(1024));
  });

  test('is `null` where the worker has thrown a value that is no error', async (t) => {
    const { error, message, lineno } = await errorOf(startScript(t, `throw 'plain';`));
    assert.deepEqual([error, message, lineno], [null, 'plain', 0]);
  });

  test('is one for each promise that nobody has handled', async (t) => {
    const code = `for (const n of [1, 2, 3]) Promise.reject(new Error(String(n)));`;
    const events = await errorsOf(startScript(t, code), 3);
    assert.deepEqual(
      events.map(({ message }) => message),
      ['1', '2', '3'],
    );
  });

  test('is not told again where the promise is handled later', async (t) => {
    const code = `import { Worker } from 'os';
      const late = Promise.reject(new Error('late'));
      setTimeout(() => { late.catch(() => {}); setTimeout(() => Worker.parent.postMessage('handled'), 1); }, 1);`;
    const worker = startScript(t, code);
    const texts: string[] = [];
    worker.onerror = ({ message }) => void texts.push(message);
    await new Promise((resolve) => (worker.onmessage = resolve));
    assert.deepEqual(texts, ['late']);
  });

  test('names the module that has thrown, if that is not the script', async (t) => {
    const sources = { 'lib/a.js': `export const a = () => {\n  throw new Error('a');\n};` };
    const worker = new Worker('main.js', {
      overrideCode: `import { a } from './lib/a.js'; a();`,
      driverOptions: { sources },
    });
    t.after(() => worker.terminate());
    const { filename, lineno } = await errorOf(worker);
    assert.deepEqual([filename, lineno], ['lib/a.js', 2]);
  });

  test('is one of the language where the script is wrong, or imports what is not there', async (t) => {
    const wrong: [string, RegExp, typeof Error][] = [
      ['this is not a script', /expecting/, SyntaxError],
      [`import './none.js';`, /the module "none\.js" cannot be read/, ReferenceError],
      [
        `import 'node:fs';`,
        /cannot import "node:fs": an isolate has no packages and no modules of Node's\. Import "os", "std", "cmdline", a file/,
        ReferenceError,
      ],
      [`import 'isolated-workers';`, /cannot import "isolated-workers"/, ReferenceError],
      [`import '../../etc/passwd';`, /outside of the root folder/, ReferenceError],
    ];
    for (const [code, text, expected] of wrong) {
      const { error, message } = await errorOf(startScript(t, code));
      assert.ok(error instanceof expected, String(error));
      assert.match(message, text);
    }
  });

  test('says that there is no such file, and no message arrives', async (t) => {
    const worker = new Worker('none.js');
    t.after(() => worker.terminate());
    worker.postMessage('x');
    const { error, filename } = await errorOf(worker);
    assert.equal((error as { code?: unknown }).code, 'ERR_SCRIPT_NOT_FOUND');
    assert.equal(filename, 'none.js');
  });

  test('comes before the end of a worker, and none after `terminate()`', async (t) => {
    const worker = startScript(t, `setInterval(() => { throw new Error('again'); }, 1);`);
    let count = 0;
    await new Promise<void>((resolve) => {
      worker.onerror = () => {
        count++;
        worker.terminate();
        setTimeout(resolve, 50);
      };
    });
    assert.equal(count, 1);
  });

  test('cannot fill the host with messages that nobody reads', async (t) => {
    const limits = { maxQueuedBytes: 100_000, memoryMb: 64 };
    const code = `import { Worker, sleepAsync } from 'os'; for (;;) { Worker.parent.postMessage('x'.repeat(1000)); await sleepAsync(0); }`;
    for (const mode of ['thread', 'cooperative'] as const) {
      const { error } = await errorOf(startScript(t, code, { driverOptions: { mode, limits } }));
      assert.equal((error as { limit?: unknown } | null)?.limit, 'maxQueuedBytes');
    }
  });

  test('that a script has made up changes nothing in the host', async (t) => {
    const code = `const error = new Error('e');
      Object.defineProperty(error, '__proto__', { value: { polluted: true }, enumerable: true });
      Object.prototype.cause = 'no'; Map.prototype.get = () => ({ class: 'Error', stack: 1, name: {}, members: 3 });
      throw error;`;
    const { error } = await errorOf(startScript(t, code));
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
    assert.equal(error === null || Object.getPrototypeOf(error) === Error.prototype, true);
  });
});
