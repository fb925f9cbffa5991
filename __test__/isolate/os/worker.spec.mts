// `os.Worker`: scripts written for it, and the messages between them and their host.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { notifyIsolates } from 'isolated-workers/drivers/isolate';
import { Worker, type WorkerOptions } from 'isolated-workers/drivers/isolate/os';

import { failure } from '../../fixtures/support.mjs';
import { ways } from '../../fixtures/isolate/support.mjs';
import { errorOf, messageOf, messagesOf, startScript, thrownBy } from '../../fixtures/isolate/os/support.mjs';
import { temporaryFolder } from '../../fixtures/package/copy.mjs';

const folder = temporaryFolder(after);
const echo = `import { Worker } from 'quickjs:os';
  Worker.parent.onmessage = ({ data }) => Worker.parent.postMessage(data);`;

for (const [way, driverOptions] of Object.entries(ways)) {
  const options: WorkerOptions = { driverOptions };

  describe(`A worker, ${way},`, () => {
    test('has `Worker.initialData` while its script runs', async (t) => {
      const initialData = { list: [1, new Date(0), new Map([[1n, 'x']])], bytes: new Uint8Array([1, 2]) };
      const code = `import { Worker } from 'os'; Worker.parent.postMessage(Worker.initialData);`;
      assert.deepEqual(await messageOf(startScript(t, code, { ...options, initialData })), initialData);
      assert.equal(await messageOf(startScript(t, code, options)), undefined);
    });

    test('receives messages in their order, and sends in its', async (t) => {
      const worker = startScript(t, echo, options);
      const received = messagesOf(worker, 1000);
      for (let n = 0; n < 1000; n++) worker.postMessage(n);
      assert.deepEqual(
        await received,
        Array.from({ length: 1000 }, (_, n) => n),
      );
    });

    test('receives and sends structured clones', async (t) => {
      const worker = startScript(t, echo, options);
      const value: Record<string, unknown> = {
        map: new Map([['a', new Set([1])]]),
        error: new RangeError('e'),
        big: 1n,
      };
      value.self = value;
      const received = messageOf(worker);
      worker.postMessage(value);
      const clone = await received;
      assert.notEqual(clone, value);
      assert.equal(clone.self, clone);
      assert.deepEqual([clone.map, clone.big], [value.map, value.big]);
      assert.ok(clone.error instanceof RangeError);
    });

    test('keeps messages until its script has a listener', async (t) => {
      const late = `import { Worker, sleepAsync } from 'os';
        await sleepAsync(20);
        Worker.parent.onmessage = ({ data }) => Worker.parent.postMessage(data);`;
      const worker = startScript(t, late, options);
      const received = messagesOf(worker, 3);
      for (const n of [1, 2, 3]) worker.postMessage(n);
      assert.deepEqual(await received, [1, 2, 3]);
    });

    test('whose host has no listener yet is heard later, one message in each turn', async (t) => {
      const worker = startScript(
        t,
        `import { Worker } from 'os'; for (const n of [1, 2, 3]) Worker.parent.postMessage(n); throw 1;`,
        options,
      );
      await errorOf(worker);
      const order: unknown[] = [];
      await new Promise<void>((resolve) => {
        worker.onmessage = ({ data }) => {
          order.push(data);
          void Promise.resolve().then(() => order.push('settled'));
          if (data === 3) setImmediate(resolve);
        };
      });
      assert.deepEqual(order, [1, 'settled', 2, 'settled', 3, 'settled']);
    });

    test('has modules, globals and an event loop of its own', async (t) => {
      const code = `import { Worker } from 'os';
        globalThis.count ??= 0;
        Array.prototype.mark = Worker.initialData;
        let own = 0;
        Worker.parent.onmessage = () => Worker.parent.postMessage([++globalThis.count, ++own, [].mark]);`;
      const [one, other] = ['one', 'other'].map((initialData) => startScript(t, code, { ...options, initialData })) as [
        Worker,
        Worker,
      ];
      const [ofOne, ofOther] = [messagesOf(one, 2), messageOf(other)];
      one.postMessage(0);
      one.postMessage(0);
      other.postMessage(0);
      assert.deepEqual(await ofOne, [
        [1, 1, 'one'],
        [2, 2, 'one'],
      ]);
      assert.deepEqual(await ofOther, [1, 1, 'other']);
    });

    test('that loops stops neither its host nor another worker', async (t) => {
      const limits = { cpuMsPerMessage: Infinity };
      startScript(t, 'for (;;);', { driverOptions: { ...driverOptions, limits } });
      const worker = startScript(t, echo, options);
      const received = messageOf(worker);
      worker.postMessage('x');
      assert.equal(await received, 'x');
    });

    test('cannot start a worker', async (t) => {
      const code = `import { Worker } from 'os';
        try { new Worker('./other.js'); } catch (error) { Worker.parent.postMessage([error instanceof TypeError, error.message]); }`;
      const [isTypeError, message] = await messageOf(startScript(t, code, options));
      assert.equal(isTypeError, true);
      assert.match(message, /^a worker cannot start a worker: `new Worker` is for the host/);
    });

    test('calls the functions of the host that it is given, which keep it alive', async (t) => {
      const globals = { double: async (n: number) => n * 2 };
      const code = `import { Worker } from 'os'; Worker.parent.postMessage(await double(21));`;
      assert.equal(await messageOf(startScript(t, code, { driverOptions: { ...driverOptions, globals } })), 42);
    });

    test('drops what its host posts after terminate(), and after its end', async (t) => {
      const worker = startScript(t, echo, options);
      worker.terminate();
      worker.terminate();
      worker.postMessage('late');
      assert.equal(worker.onmessage, null);
      const closed = startScript(t, echo, options);
      closed.onmessage = null;
      closed.onmessage = null;
      closed.postMessage('late');
    });
  });
}

describe('A script of `os.Worker`', () => {
  test('is a file, by a path or a URL, and imports what is beside it', async (t) => {
    mkdirSync(path.join(folder, 'lib'));
    writeFileSync(path.join(folder, 'lib/two.js'), 'export const two = 2;');
    const main = path.join(folder, 'main.js');
    writeFileSync(
      main,
      `import { two } from './lib/two.js'; import { Worker } from 'os'; Worker.parent.postMessage(two);`,
    );
    for (const [file, driverOptions] of [
      [main, {}],
      [pathToFileURL(main), {}],
      [pathToFileURL(main).href, {}],
      ['main.js', { root: folder }],
      [path.relative(process.cwd(), main), {}],
    ] as const) {
      const worker = new Worker(file, { driverOptions });
      t.after(() => worker.terminate());
      assert.equal(await messageOf(worker), 2, String(file));
    }
  });

  test('given as `overrideCode` imports what would be beside its file, and nothing with `sources: {}`', async (t) => {
    writeFileSync(path.join(folder, 'helper.js'), `export const helper = 'helper';`);
    const code = `import { Worker } from 'os'; import { helper } from './helper.js'; Worker.parent.postMessage(helper);`;
    const start = (file: string, driverOptions: WorkerOptions['driverOptions'] = {}) => {
      const worker = new Worker(file, { overrideCode: code, driverOptions });
      t.after(() => worker.terminate());
      return worker;
    };
    assert.equal(await messageOf(start(path.join(folder, 'none.js'))), 'helper');
    assert.equal(await messageOf(start('none.js', { root: folder })), 'helper');
    const sources = { 'helper.js': `export const helper = 'given';` };
    assert.equal(await messageOf(start('none.js', { sources })), 'given');
    const refused: [() => Worker, RegExp][] = [
      [() => start(path.join(folder, 'none.js'), { sources: {} }), /there is no module/],
      [() => start('/virtual/none.js'), /the module "helper\.js" cannot be read \(ENOENT\)/],
      [() => start(path.join(folder, 'lib/none.js')), /the module "helper\.js" cannot be read/],
    ];
    for (const [begin, text] of refused) assert.match((await errorOf(begin())).message, text);
  });

  test('has the path below its root as `import.meta.url`', async (t) => {
    const code = `import { Worker } from 'os'; Worker.parent.postMessage(import.meta.url);`;
    assert.equal(await messageOf(startScript(t, code)), 'file:///script.js');
  });

  test('may import `os` by each of its names, which are one module', async (t) => {
    const code = `import * as a from 'os'; import * as b from 'qjs:os'; import * as c from 'quickjs:os';
      a.Worker.parent.postMessage(a === b && b === c);`;
    assert.equal(await messageOf(startScript(t, code)), true);
  });
});

describe('`new Worker()`', () => {
  test('refuses wrong arguments before anything starts', () => {
    const wrong: [unknown, unknown, RegExp][] = [
      [1, {}, /`file` of new Worker\(\) must be a path or a file URL, not 1/],
      ['', {}, /must be a path or a file URL, not ""/],
      [new URL('https://example.com/a.js'), {}, /must be a path or a file URL/],
      ['a.js', 42, /`options` of new Worker\(\) must be an object, not 42/],
      ['a.js', { workerData: 1 }, /must be an object with initialData, overrideCode, driverOptions, not "workerData"/],
      ['a.js', { overrideCode: 1 }, /`overrideCode` of new Worker\(\) must be a text, not 1/],
      ['a.js', { driverOptions: 1 }, /`driverOptions` of new Worker\(\) must be an object/],
      [
        'a.js',
        { driverOptions: { limits: { memoryMb: 1 } } },
        /driverOptions\.limits\.memoryMb must be a number of 2 or more/,
      ],
    ];
    for (const [file, options, text] of wrong) {
      const error = thrownBy(() => new Worker(file as string, options as WorkerOptions));
      assert.equal(error.code, 'ERR_INVALID_OPTION');
      assert.match(error.message, text);
    }
  });

  test('and postMessage() refuse what cannot be cloned, at once', (t) => {
    const error = thrownBy(() => startScript(t, echo, { initialData: { f: () => {} } }));
    assert.equal(error.code, 'ERR_NOT_SERIALIZABLE');
    assert.match(error.message, /^"initialData" cannot be serialised by the driver "isolate"/);
    const worker = startScript(t, echo);
    assert.equal(thrownBy(() => worker.postMessage(() => {})).code, 'ERR_NOT_SERIALIZABLE');
  });

  test('takes functions and null alone as listeners', (t) => {
    const worker = startScript(t, echo);
    for (const name of ['onmessage', 'onerror'] as const) {
      assert.equal(worker[name], null);
      const listener = () => {};
      worker[name] = listener;
      assert.equal(worker[name], listener);
      const error = thrownBy(() => (worker[name] = 1 as never));
      assert.ok(error instanceof TypeError);
    }
  });

  test('has neither a parent nor initial data in a host', () => {
    assert.deepEqual([Worker.parent, Worker.initialData], [undefined, undefined]);
  });

  test('starts a hundred workers at once, which all answer', async (t) => {
    const answers = Array.from({ length: 100 }, (_, n) => {
      const mode = n % 2 === 0 ? 'thread' : 'cooperative';
      const worker = startScript(t, echo, { driverOptions: { mode } });
      const answer = messageOf(worker);
      worker.postMessage(n);
      return answer;
    });
    assert.deepEqual(
      await Promise.all(answers),
      answers.map((_, n) => n),
    );
  });
});

test('A test that waits for a message of a worker fails by an error of it', async (t) => {
  assert.equal((await failure(messageOf(startScript(t, `throw new Error('no')`)))).message, 'no');
});

for (const mode of ['thread', 'cooperative'] as const) {
  describe(`A worker that shares memory, ${mode},`, () => {
    const options: WorkerOptions = { driverOptions: { mode, sharedMemory: true } };

    test('has the memory of its host, which wakes it', async (t) => {
      const code = `import { Worker } from 'os';
        Worker.parent.onmessage = ({ data }) => {
          Atomics.add(data, 1, 41);
          Worker.parent.postMessage('ready');
          Worker.parent.postMessage([Atomics.wait(data, 0, 0, 20_000), Atomics.load(data, 1)]);
        };`;
      const words = new Int32Array(new SharedArrayBuffer(8));
      const worker = startScript(t, code, options);
      words[1] = 1;
      const messages = messagesOf(worker, 2);
      worker.postMessage(words);
      while (Atomics.load(words, 1) !== 42) await new Promise((resolve) => void setImmediate(resolve));
      Atomics.store(words, 0, 1);
      notifyIsolates(words, 0);
      const [ready, [outcome, sum]] = await messages;
      assert.deepEqual([ready, sum], ['ready', 42]);
      // It may have looked only after the store.
      assert.match(outcome, /^(ok|not-equal)$/);
    });

    test('refuses shared memory in `initialData`, and says where it may be', () => {
      const initialData = new Int32Array(new SharedArrayBuffer(8));
      const error = thrownBy(() => new Worker('/virtual/script.js', { overrideCode: '', initialData, ...options }));
      assert.equal(error.code, 'ERR_NOT_SERIALIZABLE');
      assert.match(error.message, /postMessage/);
    });
  });
}
