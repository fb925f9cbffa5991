// The command `isolated-workers`, as a shell runs it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { after, describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

import { createWorker } from 'isolated-workers';

import { fixture } from '../fixtures/support.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const command = path.join(root, manifest.bin['isolated-workers']);

// Of these tests alone: other tests have detached workers at the same time.
const directory = mkdtempSync(path.join(os.tmpdir(), 'command-line-'));
process.env['XDG_RUNTIME_DIR'] = directory;
after(() => rmSync(directory, { recursive: true }));

async function run(args: string[], input = '', env: NodeJS.ProcessEnv = process.env) {
  const child = spawn(process.execPath, [command, ...args], { env });
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { stdout, stderr, code };
}

async function indexer(t: TestContext) {
  const worker = await createWorker({ script: fixture('command-line/worker.mjs'), detached: true, name: 'indexer' });
  t.after(() => worker.close());
  return worker;
}

describe('isolated-workers', () => {
  test('--help lists the commands, and --version tells the version', async () => {
    const { stdout, code } = await run(['--help']);
    assert.equal(code, 0);
    for (const name of ['doctor', 'top', 'ping', 'attach', 'serve'])
      assert.match(stdout, new RegExp(`^ {2}${name}`, 'm'));
    assert.deepEqual(await run(['-v']), { stdout: `${manifest.version}\n`, stderr: '', code: 0 });
  });

  for (const [args, message] of [
    [[], 'a command is missing'],
    [['start'], 'there is no command "start"'],
    [['toString'], 'there is no command "toString"'],
    [['ping'], 'ping needs the name of a worker'],
    [['ping', 'a', 'b'], 'ping takes no argument "b"'],
    [['serve'], 'serve needs the file of the workers'],
    [['serve', 'worker.js'], 'serve needs --name'],
    [['serve', 'worker.js', '--name', 'a', '--workers', 'all'], '--workers takes a whole number'],
    [['doctor', '--once'], 'doctor has no option --once'],
    [['ping', 'a', '--timeout', 'soon'], '--timeout takes a number'],
    [['top', '--nothing'], "Unknown option '--nothing'"],
  ] as const) {
    test(`${['isolated-workers', ...args].join(' ')} is wrong usage`, async () => {
      const { stdout, stderr, code } = await run([...args]);
      assert.deepEqual({ stdout, code }, { stdout: '', code: 2 });
      assert.ok(stderr.includes(message), stderr);
    });
  }
});

describe('doctor', () => {
  test('starts a thread and a process, and finds nothing wrong here', async () => {
    const { stdout, stderr, code } = await run(['doctor']);
    assert.deepEqual({ stderr, code }, { stderr: '', code: 0 }, stdout);
    assert.match(stdout, /^✔ a worker thread: it started in \d+ ms and answered$/m);
    assert.match(stdout, /^✔ a worker process: it started in \d+ ms and answered$/m);
    const findings = JSON.parse((await run(['doctor', '--json'])).stdout) as { check: string; outcome: string }[];
    assert.equal(findings.length, 7);
    assert.ok(findings.every(({ outcome }) => outcome !== 'failure'));
  });

  test('says what is wrong with the directory for sockets, and exits with 1', async () => {
    const { stdout, code } = await run(['doctor'], '', { ...process.env, XDG_RUNTIME_DIR: command });
    assert.equal(code, 1);
    assert.match(stdout, /^✘ socket directory: .*cannot be used for the sockets of detached workers/m);
  });
});

describe('ping and top', () => {
  test('tell of no worker where there is none', async () => {
    const { stdout, code } = await run(['ping', 'indexer']);
    assert.match(stdout, /^indexer: gone, [\d.]+ ms\n$/);
    assert.equal(code, 1);
    assert.equal((await run(['top'])).stdout, 'no detached worker of this user is running\n');
    assert.equal((await run(['top', '--json'])).stdout, '[]\n');
  });

  test('tell of a worker that has a host, by its name and by its path', async (t) => {
    const { pid, socketPath } = await indexer(t);
    for (const which of [['indexer'], [String(socketPath), '--socket']]) {
      const { stdout, code } = await run(['ping', ...which, '--json']);
      const { state, pid: found } = JSON.parse(stdout);
      assert.deepEqual({ state, found, code }, { state: 'alive', found: pid, code: 0 });
    }
    const { stdout } = await run(['top']);
    assert.match(
      stdout,
      new RegExp(
        `^NAME +PID +DRIVER +STATE +MEMORY +CPU +HOSTS +IN FLIGHT +RATE +LATENCY\\nindexer +${pid} +child_process +alive .* 1 +0 +0/s +-\\n`,
      ),
    );
    const [row] = JSON.parse((await run(['top', '--json'])).stdout);
    assert.deepEqual([row.name, row.pid, row.driver, row.state], ['indexer', pid, 'child_process', 'alive']);
    if (process.platform === 'linux') assert.ok(row.rss > 2 ** 20 && row.cpuPercent >= 0, JSON.stringify(row));
  });

  test('top tells how many calls a worker handles, and how long they take', async (t) => {
    const worker = await indexer(t);
    const ended = new AbortController();
    const hung = worker.send('wait', 600_000, { signal: ended.signal }).catch(() => {});
    const over = new AbortController();
    const load = (async () => {
      while (!over.signal.aborted) await worker.send('wait', 20);
    })();
    const [row] = JSON.parse((await run(['top', '--json'])).stdout);
    over.abort();
    await load;
    ended.abort();
    await hung;
    assert.equal(row.hosts, 1);
    assert.ok(row.inFlight === 1 || row.inFlight === 2, JSON.stringify(row));
    // One call at a time, of 20 ms and more each.
    assert.ok(row.perSecond > 0 && row.perSecond <= 60, JSON.stringify(row));
    assert.ok(row.latencyMs >= 19 && row.latencyMs < 5_000, JSON.stringify(row));
  });

  test('top leaves out what a blocked worker cannot tell, and shows what its process tells', async (t) => {
    const worker = await indexer(t);
    worker.post('block', 30_000);
    let answer = { state: '' };
    while (answer.state !== 'blocked') answer = JSON.parse((await run(['ping', 'indexer', '--json'])).stdout);
    const { stdout } = await run(['top']);
    assert.match(stdout, /^indexer .* blocked for \d+ ms .* - +- +- +-$/m);
    const [row] = JSON.parse((await run(['top', '--json'])).stdout);
    assert.deepEqual([row.state, row.inFlight, row.perSecond], ['blocked', undefined, undefined]);
    await worker.kill();
  });

  test('top neither takes the place of a host nor keeps an idle worker alive', async (t) => {
    const options = { script: fixture('command-line/worker.mjs'), detached: true, name: 'brief', idleTimeout: 4_000 };
    const worker = await createWorker(options);
    t.after(() => worker.kill());
    await worker.disconnect();
    const looks = [];
    do looks.push((await run(['top', '--json'])).stdout);
    while (looks.at(-1) !== '[]\n' && looks.length < 50);
    assert.equal(looks.at(-1), '[]\n');
    assert.equal(JSON.parse(looks[0] as string)[0].hosts, 0);
  });

  test('tell how long a worker has been blocked', async (t) => {
    const worker = await indexer(t);
    worker.post('block', 3_000);
    let answer = { state: '', blockedFor: 0 };
    while (answer.state !== 'blocked') answer = JSON.parse((await run(['ping', 'indexer', '--json'])).stdout);
    assert.ok(answer.blockedFor >= 100);
  });
});

describe('attach', () => {
  test('sends lines to the worker, which runs on', async (t) => {
    const worker = await indexer(t);
    await worker.disconnect();
    const lines = ['count', '.post count', 'echo {"a":[1]}', 'count', '.exit', 'count'];
    const { stdout, stderr, code } = await run(['attach', 'indexer'], lines.join('\n'));
    assert.deepEqual({ stdout, stderr, code }, { stdout: '1\n{ a: [ 1 ] }\n3\n', stderr: '', code: 0 });
    assert.equal((await run(['ping', 'indexer'])).code, 0);
  });

  test('exits with 1 after an error, whose control characters it escapes', async (t) => {
    const worker = await indexer(t);
    await worker.disconnect();
    const { stdout, stderr, code } = await run(['attach', 'indexer'], 'fail\necho {\ncount\n');
    assert.deepEqual({ stdout, code }, { stdout: '1\n', code: 1 });
    assert.match(stderr, /^RangeError: on .*purpose/m);
    assert.match(stderr, /^SyntaxError: /m);
    assert.ok(!stderr.includes('\u001B'));
  });

  test('replaces a host only with --take-over', async (t) => {
    const worker = await indexer(t);
    const refused = await run(['attach', 'indexer'], 'count\n');
    assert.match(refused.stderr, /^ERR_WORKER_OCCUPIED: /);
    assert.deepEqual([refused.stdout, refused.code], ['', 1]);
    const taken = await run(['attach', 'indexer', '--take-over'], 'count\n');
    assert.deepEqual(taken, { stdout: '1\n', stderr: '', code: 0 });
    await worker.reconnect();
    assert.equal(await worker.send('count'), 2);
  });
});
