// The options of threads, their errors, and the hosts that threads start in.
import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { SHARE_ENV } from 'node:worker_threads';

import { createWorker, InProcessDriver, WorkerThreadsDriver } from 'isolated-workers';

import {
  failure,
  fixture,
  RecordingLogger,
  runProgram,
  startBy,
  startThread,
} from '../../fixtures/drivers/support.mjs';
import { inTestAll } from '../../fixtures/rounds.mjs';
import { serializer } from '../../fixtures/serializers.mjs';
import { fixture as plain } from '../../fixtures/support.mjs';

const script = fixture('thread-options');

describe('A thread', () => {
  test('has the workerData of the options', async (t) => {
    const workerData = { map: new Map([[1, 2n]]) };
    const worker = await startThread(t, { script, driverOptions: { workerData }, startupData: { other: 1 } });
    assert.deepEqual((await worker.send('options', 0)).workerData, workerData);
  });

  test('has the memory that transferList moves, and the host has lost it', async (t) => {
    const bytes = new Uint8Array([1, 2, 3]);
    const driverOptions = { workerData: { bytes }, transferList: [bytes.buffer] };
    const worker = await startThread(t, { script, driverOptions });
    assert.deepEqual((await worker.send('options', 0)).workerData, { bytes: new Uint8Array([1, 2, 3]) });
    assert.equal(bytes.byteLength, 0);
  });

  test('cannot restart without the memory that transferList moved, so createWorker refuses both options together', async () => {
    const { buffer } = new Uint8Array(3);
    const driverOptions = { workerData: buffer, transferList: [buffer] };
    const unexpectedShutdown = { strategy: 'retry' } as const;
    const driver = WorkerThreadsDriver;
    const error = await failure(createWorker({ script, driver, driverOptions, unexpectedShutdown }));
    assert.equal(error.code, 'ERR_INVALID_OPTION');
    assert.match(error.message, /transferList.*unexpectedShutdown/);
    assert.equal(buffer.byteLength, 3);
  });

  test('refuses a transferList that is no array', async () => {
    const driverOptions = { workerData: 1, transferList: 5 as never };
    const error = await failure(createWorker({ script, driver: WorkerThreadsDriver, driverOptions }));
    assert.equal(error.code, 'ERR_INVALID_OPTION');
    assert.match(error.message, /^transferList must be an array of objects, not 5/);
  });

  test('has the arguments of the options', async (t) => {
    const worker = await startThread(t, {
      script,
      driverOptions: { argv: ['one', 'two words', ''], execArgv: ['--no-warnings'] },
    });
    const { argv, execArgv } = await worker.send('options', 0);
    assert.deepEqual(argv, ['one', 'two words', '']);
    assert.deepEqual(execArgv, ['--no-warnings']);
  });

  test('takes its arguments and its environment from createWorker as well', async (t) => {
    const worker = await startThread(t, { script, argv: ['one'], execArgv: ['--no-warnings'], env: { GIVEN: 'yes' } });
    const { argv, execArgv } = await worker.send('options', 0);
    assert.deepEqual([argv, execArgv], [['one'], ['--no-warnings']]);
    assert.equal(await worker.send('environment', 'GIVEN'), 'yes');
    assert.equal(await worker.send('environment', 'PATH'), undefined);
  });

  test('has a copy of the environment of the host', async (t) => {
    process.env['THREAD_TEST'] = 'inherited';
    t.after(() => delete process.env['THREAD_TEST']);
    const worker = await startThread(t, { script });
    assert.equal(await worker.send('environment', 'THREAD_TEST'), 'inherited');
    await worker.send('setEnvironment', { name: 'THREAD_TEST', value: 'changed' });
    assert.equal(process.env['THREAD_TEST'], 'inherited');
  });

  test('shares the environment of the host with SHARE_ENV', async (t) => {
    t.after(() => delete process.env['THREAD_TEST']);
    const worker = await startThread(t, { script, driverOptions: { env: SHARE_ENV } });
    await worker.send('setEnvironment', { name: 'THREAD_TEST', value: 'shared' });
    assert.equal(process.env['THREAD_TEST'], 'shared');
  });

  test('has the limits of the options', async (t) => {
    const resourceLimits = {
      maxOldGenerationSizeMb: 48,
      maxYoungGenerationSizeMb: 8,
      codeRangeSizeMb: 16,
      stackSizeMb: 2,
    };
    const worker = await startThread(t, { script, driverOptions: { resourceLimits } });
    assert.deepEqual((await worker.send('options', 0)).resourceLimits, resourceLimits);
  });

  test('that exceeds its memory limit ends, and its error names the limit', async (t) => {
    const worker = await startThread(t, {
      driverOptions: { resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 } },
    });
    const bystander = await startThread(t);
    const error = await failure(worker.send('fill', 0));
    assert.equal(error.code, 'ERR_WORKER_CRASHED');
    assert.equal(error.cause.code, 'ERR_WORKER_OUT_OF_MEMORY');
    assert.match(error.message, /ERR_WORKER_OUT_OF_MEMORY/);
    assert.deepEqual(error.reason, { type: 'exit', code: 1, signal: null });
    assert.equal(await bystander.send('echo', 1), 1);
  });

  test('can run source text', async (t) => {
    const source = `
      const { startWorkerServer } = require('isolated-workers');
      startWorkerServer({ twice: (value) => 2 * value });
    `;
    const worker = await startThread(t, { script: source, driverOptions: { eval: true } });
    assert.equal(worker.name, 'eval');
    assert.equal(await worker.send('twice', 21), 42);
  });

  test('has the name of the options', async (t) => {
    const worker = await startThread(t, { name: 'mine', driverOptions: { name: 'for debuggers' } });
    assert.equal(worker.name, 'mine');
    assert.equal(await worker.send('echo', 1), 1);
  });

  test('has no streams on the client by default', async (t) => {
    const worker = await startThread(t);
    assert.deepEqual([worker.stdout, worker.stderr], [null, null]);
  });

  test('has its standard streams where the host requests them', async (t) => {
    const worker = await startThread(t, { driverOptions: { stdout: true, stderr: true } });
    const [output, errors] = [text(worker.stdout!), text(worker.stderr!)];
    await worker.send('print', 'ä to the output');
    await worker.send('complain', 'ö to the errors');
    await worker.close();
    assert.equal(await output, 'ä to the output\n');
    assert.equal(await errors, 'ö to the errors\n');
  });

  test('delivers all its output, though the host closes it at once', async (t) => {
    const worker = await startThread(t, { driverOptions: { stdout: true } });
    const output = text(worker.stdout!);
    await worker.send('printMany', 2_000);
    await worker.close();
    assert.equal((await output).split('\n').length, 2_001);
  });

  test('that crashes delivers its last lines where its standard error is piped', async (t) => {
    const worker = await startThread(t, { driverOptions: { stderr: true } });
    await worker.send('complain', 'these are the last words');
    const error = await failure(worker.send('failLater', 'now'));
    assert.deepEqual(error.stderr.slice(0, 1), ['these are the last words']);
    assert.match(error.message, /these are the last words/);
  });

  for (const [option, value] of Object.entries({ cwd: '/', execPath: process.execPath, stdio: 'pipe' })) {
    test(`refuses the option ${option}, which only processes have`, async () => {
      for (const given of [{ [option]: value }, { driverOptions: { [option]: value } }]) {
        const error = await failure(createWorker({ script, driver: WorkerThreadsDriver, ...given } as never));
        assert.equal(error.code, 'ERR_UNSUPPORTED_BY_DRIVER');
        assert.match(error.message, new RegExp(`"worker_threads".*${option}.*"child_process"`));
      }
    });
  }

  for (const [what, driverOptions] of Object.entries({
    'an execArgv that is no array': { execArgv: '--no-warnings' },
    'a flag that threads refuse': { execArgv: ['--max-old-space-size=100'] },
    'workerData that cannot be cloned': { workerData: () => {} },
    'an environment that is none': { env: 7 },
    'an argv that is none': { argv: 7 },
  })) {
    test(`refuses ${what}, and leaves nothing behind`, async () => {
      const before = process.getActiveResourcesInfo().length;
      const error = await failure(
        createWorker({ script, driver: WorkerThreadsDriver, driverOptions } as never).then((worker) => worker.close()),
      );
      assert.match(error.code, /^ERR_(INVALID_OPTION|WORKER_SPAWN_FAILED)$/);
      await new Promise((resolve) => setImmediate(resolve));
      assert.ok(process.getActiveResourcesInfo().length <= before, process.getActiveResourcesInfo().join());
      const next = await createWorker({ script, driver: WorkerThreadsDriver });
      await next.close();
    });
  }
});

describe('A host', () => {
  const flags: [string[], NodeJS.ProcessEnv][] = [
    [['--max-old-space-size=300'], {}],
    [['--expose-gc', '--stack-size=1200', '--title=host'], {}],
    [['--no-warnings', '--conditions=custom', '--enable-source-maps'], {}],
    [['--inspect=0'], {}],
    [[], { NODE_OPTIONS: '--max-old-space-size=300 --no-warnings' }],
    [['--import', 'data:text/javascript,globalThis.preloaded=1'], {}],
  ];
  for (const [execArgv, env] of flags) {
    const named = [...execArgv, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)].join(' ');
    for (const mode of ['plain', 'typescript', 'own-env']) {
      const skip = mode !== 'plain' && inTestAll;
      test(`with ${named} can start threads (${mode})`, { skip }, async () => {
        const { code, stdout, stderr } = await runProgram('starts-thread.mjs', [mode], { execArgv, env });
        assert.equal(code, 0, stderr);
        assert.equal(stdout, 'answered\n');
      });
    }
  }

  for (const mode of ['plain', 'typescript', 'process']) {
    test(`from source text can start workers (${mode})`, async () => {
      const { code, stdout, stderr } = await runProgram('starts-thread.mjs', [mode], {
        execArgv: ['--input-type=module', '--eval', 'await import(new URL(process.argv[1], "file:"))', '--'],
      });
      assert.equal(code, 0, stderr);
      assert.equal(stdout, 'answered\n');
    });
  }
});

describe('A TypeScript thread', () => {
  for (const name of ['typed-plain.ts', 'typed-commonjs.cts']) {
    test(`runs like one in a process: ${name}`, async (t) => {
      const worker = await startThread(t, { script: plain(name) });
      assert.equal(await worker.send('twice', 21), 42);
    });
  }

  test('has its start-up data', async (t) => {
    const worker = await startThread(t, { script: plain('typed.mts'), startupData: { unit: 'm²' } });
    assert.deepEqual(await worker.send('area', { width: 2, height: 3 }), { area: 6, unit: 'm²' });
  });
});

for (const driver of [new WorkerThreadsDriver(), new InProcessDriver()]) {
  describe(`a serializer, with the driver ${driver.name},`, () => {
    test('encodes where the host names it', async (t) => {
      const worker = await startBy(t, driver, { script: fixture('serializer'), serializer: serializer('json'), startupData: 'json' }); // prettier-ignore
      assert.deepEqual(await worker.send('echo', { date: new Date(0), gone: undefined }), { date: '1970-01-01T00:00:00.000Z' }); // prettier-ignore
      await assert.rejects(worker.send('echo', 1n), { code: 'ERR_NOT_SERIALIZABLE' });
      assert.equal(await worker.send('echo', 'after'), 'after');
    });

    for (const name of ['v8', 'msgpack', 'gzip', 'prefixed']) {
      test(`may produce bytes or text: ${name}`, async (t) => {
        const worker = await startBy(t, driver, { script: fixture('serializer'), serializer: serializer(name), startupData: name }); // prettier-ignore
        const values = Array.from({ length: 50 }, (_, index) => ({ index, text: 'ä'.repeat(index) }));
        assert.deepEqual(await Promise.all(values.map((value) => worker.send('echo', value))), values);
      });
    }

    test('that throws fails only its message', async (t) => {
      const worker = await startBy(t, driver, { script: fixture('serializer'), serializer: serializer('moody'), startupData: 'moody' }); // prettier-ignore
      const sent = ['fail to write', 'write a string', 'fail to read', 'turn bad', 'fine'].map((value) => worker.send('echo', value)); // prettier-ignore
      const outcomes = await Promise.allSettled(sent);
      assert.deepEqual(
        outcomes.map((each) => (each.status === 'fulfilled' ? each.value : each.reason.code)),
        ['ERR_NOT_SERIALIZABLE', 'ERR_NOT_SERIALIZABLE', 'ERR_MALFORMED_MESSAGE', 'ERR_NOT_SERIALIZABLE', 'fine'],
      );
    });

    test('of the library that the host names serves a worker that names none', async (t) => {
      const worker = await startBy(t, driver, { script: fixture('worker'), serializer: serializer('json') });
      assert.deepEqual(await worker.send('echo', { date: new Date(0) }), { date: '1970-01-01T00:00:00.000Z' });
    });

    for (const [ours, theirs] of [
      ['v8', undefined],
      [undefined, 'json'],
      ['json', 'v8'],
      ['json', 'json-nul'],
    ]) {
      // prettier-ignore
      test(`must match on both sides: ${ours ?? 'none'} and ${theirs ?? 'none'}`, async (t) => {
        const starting = startBy(t, driver, {
          script: theirs === undefined ? fixture('worker') : fixture('serializer'),
          serializer: ours === undefined ? undefined : serializer(ours),
          startupData: theirs,
          logger: new RecordingLogger(),
        });
        assert.equal((await failure(starting)).code, 'ERR_SERIALIZER_MISMATCH');
      });
    }

    test('limits the size of messages', async (t) => {
      const worker = await startBy(t, driver, { script: fixture('serializer'), serializer: serializer('json'), startupData: 'json', maxMessageSize: 5_000 }); // prettier-ignore
      await assert.rejects(worker.send('echo', 'x'.repeat(5_001)), { code: 'ERR_MESSAGE_TOO_LARGE' });
      assert.equal(await worker.send('echo', 'fits'), 'fits');
    });
  });
}
