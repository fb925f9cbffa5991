// The ways to end a worker, and the events of its end.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { WorkerThreadsDriver, type WorkerClient } from 'isolated-workers';

import { failure, type Loose } from '../fixtures/faults/support.mjs';
import { eventually, live, lives, record, scratch, stop, untilBusy } from '../fixtures/lives/support.mjs';
import { isGone } from '../fixtures/processes.mjs';

/** How long SIGTERM may take before SIGKILL, in milliseconds. */
const GRACE = 1_000;
/** For a machine that has more to do than this. */
const SLACK = 3_000;

const exited = { type: 'exit', code: 0, signal: null };
const by = (signal: string) => ({ type: 'exit', code: null, signal });

async function blocked(worker: WorkerClient<Loose>, kind = 'spin') {
  worker.post('busy', kind);
  await untilBusy(worker);
  return worker;
}

const piped = { stdio: ['ignore', 'pipe', 'inherit'] } as const;

/** Resolves with the value, and asserts that it took from `least` to `most` milliseconds, and what the machine needs. */
async function took<T>(least: number, most: number, promise: Promise<T>): Promise<T> {
  const begun = performance.now();
  const value = await promise;
  const elapsed = performance.now() - begun;
  assert.ok(elapsed >= least - 20 && elapsed < most + SLACK, `it took ${elapsed} ms`);
  return value;
}

describe('close', () => {
  test('resolves with the exit of the worker, each time, and emits it', async (t) => {
    const worker = await live(t);
    const { events } = record(worker);
    assert.deepEqual(await Promise.all([worker.close(), worker.close()]), [exited, exited]);
    assert.deepEqual(await worker.close(), exited);
    await eventually('it was told', () => events.length > 0);
    assert.deepEqual(events, [{ name: 'exit', detail: { pid: worker.pid, reason: exited } }]);
  });

  test('with pending: "reject" rejects requests in flight at once', async (t) => {
    const worker = await live(t);
    let settled = 0;
    const lost = Array.from({ length: 20 }, () => failure(worker.send('hang')).finally(() => settled++));
    await worker.send('echo', 'all are there');
    const closed = worker.close({ pending: 'reject', timeout: 500 });
    for (const error of await took(0, 100, Promise.all(lost))) {
      assert.equal(error.code, 'ERR_WORKER_CLOSED');
      assert.match(error.message, /"hang"/);
    }
    await closed;
    assert.equal(settled, 20);
    assert.equal(isGone(worker.pid), true);
  });

  test('with pending: "reject" lets handlers finish', async (t) => {
    const worker = await live(t);
    const lost = failure(worker.send('later', { ms: 200, result: 1 }));
    await worker.send('echo', 'it is there');
    assert.deepEqual(await took(100, 200, worker.close({ pending: 'reject' })), exited);
    assert.equal((await lost).code, 'ERR_WORKER_CLOSED');
  });

  test('with pending: "finish" waits, as it does by default', async (t) => {
    for (const options of [{ pending: 'finish' } as const, {}]) {
      const worker = await live(t);
      const answer = worker.send('later', { ms: 100, result: 'answered' });
      assert.deepEqual(await worker.close(options), exited);
      assert.equal(await answer, 'answered');
    }
  });

  test('refuses another value of pending, and closes nothing', async (t) => {
    const worker = await live(t);
    assert.equal((await failure(worker.close({ pending: 'drop' as never }))).code, 'ERR_INVALID_OPTION');
    assert.equal(await worker.send('echo', 1), 1);
  });

  test('ends a worker that spins, after its timeout', async (t) => {
    const worker = await blocked(await live(t, piped));
    assert.deepEqual(await took(200, 200, worker.close({ timeout: 200 })), by('SIGTERM'));
  });

  test('ends a worker that spins and ignores SIGTERM, a second later', async (t) => {
    const worker = await blocked(await live(t, { ...piped, startupData: { ignoreTerm: true } }));
    assert.deepEqual(await took(200 + GRACE, 200 + GRACE, worker.close({ timeout: 200 })), by('SIGKILL'));
  });

  test('ends a stopped worker', async (t) => {
    const worker = await live(t);
    await stop(worker);
    assert.deepEqual(await took(200 + GRACE, 200 + GRACE, worker.close({ timeout: 200 })), by('SIGKILL'));
  });

  test('ends a worker that never reads the 64 MiB on their way to it', async (t) => {
    const worker = await live(t);
    await stop(worker);
    const lost = Array.from({ length: 64 }, () => failure(worker.send('size', 'x'.repeat(1024 * 1024))));
    assert.deepEqual(await took(200, 200 + GRACE, worker.close({ timeout: 200 })), by('SIGKILL'));
    for (const error of await Promise.all(lost)) assert.equal(error.code, 'ERR_WORKER_CLOSED');
  });

  test('ends a thread that spins', async (t) => {
    const worker = await live(t, { driver: WorkerThreadsDriver as never });
    const lost = failure(worker.send('spin', 1e9));
    const reason = await took(200, 200 + GRACE, worker.close({ timeout: 200 }));
    assert.equal(reason.type, 'exit');
    assert.equal((await lost).code, 'ERR_WORKER_CLOSED');
  });

  test('resolves with the crash of a worker that had crashed', async (t) => {
    const worker = await live(t);
    await failure(worker.send('exit', 3));
    for (const how of ['close', 'terminate', 'kill'] as const) {
      assert.deepEqual(await worker[how](), { type: 'exit', code: 3, signal: null });
    }
  });

  test('resolves with a crash that happens meanwhile and rejects the requests in flight', async (t) => {
    const worker = await live(t);
    const lost = failure(worker.send('hang'));
    await worker.send('echo', 'it is there');
    const closed = worker.close();
    process.kill(worker.pid, 'SIGSEGV');
    assert.deepEqual(await closed, by('SIGSEGV'));
    assert.equal((await lost).code, 'ERR_WORKER_CLOSED');
  });
});

describe('terminate and kill', () => {
  test('end a worker at once, with requests in flight', async (t) => {
    for (const [how, signal] of [
      ['terminate', 'SIGTERM'],
      ['kill', 'SIGKILL'],
    ] as const) {
      const worker = await live(t);
      const { names } = record(worker);
      const lost = failure(worker.send('hang'));
      await worker.send('echo', 'it is there');
      assert.deepEqual(await took(0, 100, worker[how]()), by(signal));
      assert.equal((await lost).code, 'ERR_WORKER_CLOSED');
      assert.equal(worker.isActive, false);
      await eventually('it was told', () => names().length > 0);
      assert.deepEqual(names(), ['exit']);
    }
  });

  test('differ for a worker that ignores SIGTERM', async (t) => {
    const options = { ...piped, startupData: { ignoreTerm: true } };
    const patient = await blocked(await live(t, options));
    assert.deepEqual(await took(GRACE, GRACE, patient.terminate()), by('SIGKILL'));
    const other = await blocked(await live(t, options));
    assert.deepEqual(await took(0, 100, other.kill()), by('SIGKILL'));
  });

  test('end a stopped worker', async (t) => {
    const [one, other] = [await live(t), await live(t)];
    await Promise.all([stop(one), stop(other)]);
    assert.deepEqual(await took(GRACE, GRACE, one.terminate()), by('SIGKILL'));
    assert.deepEqual(await took(0, 100, other.kill()), by('SIGKILL'));
  });

  test('end a starting worker', async (t) => {
    for (const how of ['terminate', 'kill'] as const) {
      const worker = await live(t, { waitForReady: false });
      const lost = failure(worker.send('echo', 1));
      assert.equal((await worker[how]()).type, 'exit');
      assert.equal((await lost).code, 'ERR_WORKER_CLOSED');
    }
  });

  test('end a thread', async (t) => {
    for (const how of ['terminate', 'kill'] as const) {
      const worker = await live(t, { driver: WorkerThreadsDriver as never });
      const lost = failure(worker.send('spin', 1e9));
      assert.equal((await took(0, 100, worker[how]())).type, 'exit');
      assert.equal((await lost).code, 'ERR_WORKER_CLOSED');
    }
  });

  const ways = ['close', 'terminate', 'kill'] as const;
  for (const first of ways) {
    for (const second of ways) {
      test(`work in any order: ${first}, then ${second}`, async (t) => {
        const worker = await blocked(await live(t, piped));
        const calls = [worker[first](), worker[second](), worker.close()];
        if (first === 'close' && second === 'close') calls.push(worker.kill());
        const reasons = await took(0, 500, Promise.all(calls));
        assert.equal(new Set(reasons.map((reason) => JSON.stringify(reason))).size, 1);
        assert.deepEqual(await worker[second](), reasons[0]);
        assert.equal(isGone(worker.pid), true);
      });
    }
  }
});

describe('onClose', () => {
  const hook = (log: string, onClose: string) => ({ startupData: { log, onClose } });

  for (const onClose of ['write', 'slow', 'fail']) {
    test(`runs once, after the last answer, before the end (${onClose})`, async (t) => {
      const { log, lines } = scratch(t);
      const worker = await live(t, hook(log, onClose));
      const answers = [worker.send('later', { ms: 50, result: 1 }), worker.send('work', 'w')];
      assert.deepEqual(await Promise.all([worker.close(), worker.close()]), [exited, exited]);
      assert.deepEqual(await Promise.all(answers), [1, 'w']);
      assert.deepEqual(lines(), ['start', 'work w', 'closed']);
    });
  }

  test('that hangs may run until the timeout of close()', async (t) => {
    const { log } = scratch(t);
    const worker = await live(t, hook(log, 'hang'));
    const answer = worker.send('echo', 1);
    assert.deepEqual(await took(300, 300, worker.close({ timeout: 300 })), by('SIGTERM'));
    assert.equal(await answer, 1);
  });

  test('runs in a thread, too', async (t) => {
    const { log, lines } = scratch(t);
    const worker = await live(t, { ...hook(log, 'slow'), driver: WorkerThreadsDriver as never });
    await worker.close();
    assert.deepEqual(lines(), ['start', 'closed']);
  });

  test('does not run when the worker is terminated, killed, or crashes', async (t) => {
    const { log, lines } = scratch(t);
    for (const how of ['terminate', 'kill'] as const) await (await live(t, hook(log, 'write')))[how]();
    const worker = await live(t, hook(log, 'write'));
    await failure(worker.send('exit', 1));
    assert.deepEqual(lines(), ['start', 'start', 'start']);
  });

  test('must be a function', async (t) => {
    const worker = live(t, { script: lives('wrong-hook.mjs'), stdio: 'pipe' });
    const error = await failure(worker);
    assert.equal(error.phase, 'startup');
    assert.match(error.stderr.join('\n'), /ERR_INVALID_OPTION|onClose must be a function/);
  });
});
