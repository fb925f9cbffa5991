// What a script of `os.Worker` finds: the modules `os`, `std` and `cmdline`, and globals.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { errorOf, messageOf, messagesOf, startScript } from '../../fixtures/isolate/os/support.mjs';

/** What the host gets from an expression in a worker. */
const valueOf = (expression: string) =>
  `import * as os from 'os'; import * as std from 'std'; import * as cmdline from 'cmdline';
   os.Worker.parent.postMessage(${expression});`;

describe('The module `os` in a worker', () => {
  test('has timers, a clock and `sleepAsync()`', async (t) => {
    const code = `import * as os from 'os';
      const start = os.now();
      const order = [];
      os.setTimeout(() => order.push('b'), 60);
      os.clearTimeout(os.setTimeout(() => order.push('never'), 1));
      const interval = os.setInterval(() => { order.push('i'); os.clearInterval(interval); }, 1);
      await os.sleepAsync(120);
      os.Worker.parent.postMessage([order, os.now() - start >= 119, os.platform]);`;
    assert.deepEqual(await messageOf(startScript(t, code)), [['i', 'b'], true, 'isolate']);
  });

  test('refuses all that reaches files, processes, signals and the terminal, and says why', async (t) => {
    const refused = {
      files: ['open', 'read', 'write', 'readdir', 'stat', 'getcwd', 'remove', 'realpath', 'pipe', 'setReadHandler'],
      terminal: ['isatty', 'ttySetRaw'],
      processes: ['exec', 'kill', 'getpid', 'signal', 'waitpid'],
      'function that blocks: use sleepAsync\\(\\)': ['sleep'],
    };
    for (const [reason, names] of Object.entries(refused)) {
      const expression = `${JSON.stringify(names)}.map((name) => { try { os[name]('x'); } catch ({ message }) { return message; } })`;
      const texts: string[] = await messageOf(startScript(t, valueOf(expression)));
      for (const [index, name] of names.entries()) {
        assert.match(
          texts[index] ?? '',
          new RegExp(`^os\\.${name}\\(\\) is not available in an isolate, which has no ${reason}$`),
        );
      }
    }
  });

  test('has nothing else', async (t) => {
    const names: string[] = await messageOf(
      startScript(
        t,
        valueOf(`Object.keys(os).filter((name) => {
      try { return typeof os[name] !== 'function' || (os[name](() => {}), true); } catch { return name === 'Worker'; }
    })`),
      ),
    );
    assert.deepEqual(names.toSorted(), [
      'Worker',
      'clearInterval',
      'clearTimeout',
      'now',
      'platform',
      'setInterval',
      'setTimeout',
      'sleepAsync',
    ]);
  });
});

describe('A worker', () => {
  test('cannot end the process: `exit` of `std` and of `cmdline` throw, and it goes on', async (t) => {
    const attempts = ['std.exit', 'cmdline.exit', 'cmdline.setExitCode', 'cmdline.getExitCode'];
    const expression = `[${attempts.map((name) => `(() => { try { ${name}(1); } catch ({ message }) { return message; } })()`).join()}]`;
    const texts: string[] = await messageOf(startScript(t, valueOf(expression)));
    for (const [index, name] of attempts.entries()) {
      assert.ok(
        texts[index]?.startsWith(`${name}() is for the main thread: a worker cannot end the process`),
        texts[index],
      );
    }
    const worker = startScript(
      t,
      `import { exit } from 'quickjs:cmdline'; import { Worker } from 'os';
       Worker.parent.onmessage = ({ data }) => { Worker.parent.postMessage(data); exit(1); };`,
    );
    const received = new Promise<unknown[]>((resolve) => {
      const all: unknown[] = [];
      worker.onmessage = ({ data }) => void all.push(data);
      worker.onerror = () => all.push('error') === 4 && resolve(all);
    });
    worker.postMessage(1);
    worker.postMessage(2);
    assert.deepEqual(await received, [1, 'error', 2, 'error']);
  });

  test('has the globals of any isolate, `print`, and none of Node or of the library', async (t) => {
    const has = ['console', 'print', 'setTimeout', 'URL', 'TextEncoder', 'structuredClone'];
    const hasNot = ['process', 'require', 'Buffer', 'fetch', 'Worker', 'os', 'std', 'isolated-workers:bridge'];
    const expression = `${JSON.stringify([...has, ...hasNot])}.filter((name) => name in globalThis)`;
    assert.deepEqual(await messageOf(startScript(t, valueOf(expression))), has);
  });

  test('cannot send more than `maxResultBytes` at once, and lives on', async (t) => {
    const code = `import { Worker } from 'os';
      try { Worker.parent.postMessage('x'.repeat(5000)); } catch ({ name, code }) { Worker.parent.postMessage([name, code]); }`;
    const worker = startScript(t, code, { driverOptions: { limits: { maxResultBytes: 4096 } } });
    assert.deepEqual(await messageOf(worker), ['RangeError', 'ERR_MESSAGE_TOO_LARGE']);
  });

  test('cannot send what cannot be cloned', async (t) => {
    const code = `import { Worker } from 'os';
      try { Worker.parent.postMessage({ f() {} }); } catch ({ name }) { Worker.parent.postMessage(name); }`;
    assert.equal(await messageOf(startScript(t, code)), 'DataCloneError');
  });

  test('takes functions and null alone as `Worker.parent.onmessage`', async (t) => {
    const code = `import { Worker as W } from 'os';`;
    const body = `${code}
      const { parent } = W;
      parent.postMessage(parent.onmessage);
      const listener = () => {};
      parent.onmessage = listener;
      parent.postMessage(parent.onmessage === listener);
      try { parent.onmessage = 1; } catch (error) { parent.postMessage(error instanceof TypeError); }
      parent.onmessage = null;
      parent.postMessage(parent.onmessage);`;
    assert.deepEqual(await messagesOf(startScript(t, body), 4), [null, true, true, null]);
  });

  test('gets an error with the name that it imports where the module does not export it', async (t) => {
    const { message } = await errorOf(startScript(t, `import { loadFile } from 'std';`));
    assert.match(message, /loadFile/);
  });
});
