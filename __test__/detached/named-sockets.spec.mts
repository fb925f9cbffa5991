// The files of detached workers, and the hosts that may use them.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import path from 'node:path';
import { after, describe, test, type TestContext } from 'node:test';

import { createWorker } from 'isolated-workers';

import * as detached from '../fixtures/detached/support.mjs';
import { attach, directory, files, home, nothingLeft, onlyRoot, script, start } from '../fixtures/detached/support.mjs';
import { eventually, failure, fixture as fault, RecordingDriver } from '../fixtures/faults/support.mjs';

after(() => assert.deepEqual(files(), [], 'sockets are left'));

const modeOf = (file: string) => fs.lstatSync(file).mode & 0o777;
const fork = (options: object) => createWorker<any>({ script, detached: true, ...options });

/** A directory of its own for sockets, in `XDG_RUNTIME_DIR` until the test ends. */
function elsewhere(t: TestContext): string {
  const base = fs.mkdtempSync(path.join(home, 'base-'));
  const before = process.env['XDG_RUNTIME_DIR'];
  process.env['XDG_RUNTIME_DIR'] = base;
  t.after(() => {
    process.env['XDG_RUNTIME_DIR'] = before;
    fs.rmSync(base, { recursive: true, force: true });
  });
  return path.join(base, `isolated-workers-${process.getuid!()}`);
}

describe('The private directory', () => {
  test('is private to its user, and so are socket and token', async (t) => {
    const own = elsewhere(t);
    process.umask(0o000);
    t.after(() => process.umask(0o022));
    const worker = await start(t);
    assert.equal(path.dirname(worker.socketPath!), own);
    assert.deepEqual(
      [modeOf(own), modeOf(worker.socketPath!), modeOf(`${worker.socketPath}.token`)],
      [0o700, 0o600, 0o600],
    );
    await worker.close();
    await nothingLeft(worker);
    assert.deepEqual(fs.readdirSync(own), []);
  });

  test('loses the permissions of others where it has them', async (t) => {
    const own = elsewhere(t);
    fs.mkdirSync(own);
    fs.chmodSync(own, 0o777);
    const worker = await start(t);
    assert.equal(modeOf(own), 0o700);
    await worker.close();
  });

  for (const [what, make] of [
    ['a symbolic link', (own: string) => fs.symlinkSync(home, own)],
    ['a link that leads nowhere', (own: string) => fs.symlinkSync(`${own}-not`, own)],
    ['a file', (own: string) => fs.writeFileSync(own, '')],
  ] as const) {
    test(`is an error where it is ${what}`, async (t) => {
      const own = elsewhere(t);
      make(own);
      for (const error of [await failure(fork({ name: 'a' })), await failure(attach(t, { name: 'a' }))]) {
        assert.equal(error.code, 'ERR_SYSTEM');
        assert.ok(error.message.includes(own), error.message);
      }
    });
  }

  test('is an error where another user owns it', onlyRoot, async (t) => {
    const own = elsewhere(t);
    fs.mkdirSync(own, { mode: 0o700 });
    fs.chownSync(own, 65534, 65534);
    const error = await failure(fork({ name: 'a' }));
    assert.equal(error.code, 'ERR_SYSTEM');
    assert.match(error.message, /socketPath/);
  });
});

describe('A path', () => {
  for (const [what, options] of [
    ['socketPath', { socketPath: path.join(home, 'x'.repeat(120)) }],
    ['name', { name: 'ü'.repeat(40) }],
  ] as const) {
    test(`that is too long is an error that names the limit, before a process starts (${what})`, async (t) => {
      for (const error of [await failure(fork(options)), await failure(attach(t, options))]) {
        assert.equal(error.code, 'ERR_INVALID_OPTION');
        assert.match(error.message, new RegExp(`${what} must be short enough.* 107 are possible`));
      }
      assert.deepEqual(files(), []);
    });
  }

  test('in a missing directory is an error', async () => {
    const error = await failure(fork({ socketPath: path.join(home, 'not', 'a.sock') }));
    assert.equal(error.code, 'ERR_SYSTEM');
    assert.ok(error.message.includes('not/a.sock'));
  });

  test('may be relative, and a name may be any text', async (t) => {
    const cwd = process.cwd();
    process.chdir(home);
    t.after(() => process.chdir(cwd));
    const relative = await start(t, { socketPath: 'relative.sock' });
    assert.equal(relative.socketPath, path.join(fs.realpathSync(home), 'relative.sock'));
    await relative.close();
    await nothingLeft(relative);
    const odd = await start(t, { name: '../a b/ü' });
    assert.equal(path.dirname(odd.socketPath!), directory);
    const second = await attach(t, { name: '../a b/ü', takeOver: true });
    await second.close();
    await nothingLeft(odd);
  });

  for (const [what, make] of [
    ['a file', (file: string) => fs.writeFileSync(file, 'precious')],
    ['a directory', (file: string) => fs.mkdirSync(file)],
    ['a symbolic link', (file: string) => fs.symlinkSync('/dev/null', file)],
  ] as const) {
    test(`with ${what} at it is an error, and the library keeps that file`, async (t) => {
      for (const beside of ['', '.token']) {
        const socketPath = detached.newFile();
        make(socketPath + beside);
        t.after(() => fs.rmSync(socketPath + beside, { recursive: true }));
        const error = await failure(fork({ socketPath }));
        assert.equal(error.code, 'ERR_INVALID_OPTION');
        assert.ok(error.message.includes(socketPath + beside), error.message);
        assert.ok(fs.lstatSync(socketPath + beside));
        assert.deepEqual(fs.existsSync(socketPath) && fs.existsSync(`${socketPath}.token`), false);
      }
    });
  }
});

describe('A socket that a killed worker has left', () => {
  const orphan = async (t: TestContext, name = detached.newName()) => {
    const host = detached.runHost(t, ['start', { name }], ['exit', 0]);
    const worker = await host.worker();
    await host.ended;
    process.kill(worker.pid, 'SIGKILL');
    await detached.gone(worker.pid);
    // The last of its threads takes the socket with it.
    const answer = async () => failure(attach(t, { name, timeout: { startup: 100 } }));
    while ((await answer()).code !== 'ERR_NO_SUCH_WORKER');
    assert.ok(fs.existsSync(worker.socketPath) && fs.existsSync(`${worker.socketPath}.token`));
    return { ...worker, name };
  };

  test('counts as no worker, is reclaimed by its name, and is removed by other starts', async (t) => {
    const first = await orphan(t);
    const again = await start(t, { name: first.name });
    assert.equal(again.socketPath, first.socketPath);
    assert.equal(await again.send('add', 1), 1);
    const second = await orphan(t);
    const other = await start(t);
    const live = [again.socketPath, other.socketPath].flatMap((file) => [file, `${file}.token`]);
    assert.deepEqual(files().toSorted(), live.map((file) => path.basename(file!)).toSorted());
    assert.equal(fs.existsSync(second.socketPath), false);
    // The first is alive, and was left alone.
    assert.equal(await again.send('add', 1), 2);
    await Promise.all([again.close(), other.close()]);
    await Promise.all([nothingLeft(again), nothingLeft(other)]);
  });
});

describe('A second worker under a name', () => {
  test('fails to start while the first lives, which is unharmed', async (t) => {
    const first = await start(t);
    for (let round = 0; round < 3; round++) {
      const error = await failure(fork({ name: first.name }));
      assert.equal(error.code, 'ERR_WORKER_OCCUPIED');
      assert.match(error.message, /attachWorker/);
    }
    process.kill(first.pid, 'SIGSTOP');
    assert.equal((await failure(fork({ name: first.name }))).code, 'ERR_WORKER_OCCUPIED');
    process.kill(first.pid, 'SIGCONT');
    assert.equal(await first.send('add', 1), 1);
    await first.disconnect();
    assert.equal((await failure(fork({ name: first.name }))).code, 'ERR_WORKER_OCCUPIED');
    const second = await attach(t, { name: first.name });
    assert.equal(await second.send('add', 1), 2);
    await second.close();
    await nothingLeft(first);
  });

  test('started at the same time by four hosts exists once', async (t) => {
    const name = detached.newName();
    const socketPath = path.join(directory, `name-${name}.sock`);
    const hosts = Array.from({ length: 4 }, () => detached.runHost(t, ['start', { name }], ['exit', 0]));
    const told = await Promise.allSettled(hosts.map((host) => host.worker()));
    const [winner, ...others] = told.filter(({ status }) => status === 'fulfilled');
    assert.equal(others.length, 0);
    for (const host of hosts) await host.ended;
    for (const [index, { status }] of told.entries()) {
      if (status === 'rejected') assert.match(hosts[index]!.errors(), /ERR_WORKER_OCCUPIED/);
    }
    const { pid } = (winner as PromiseFulfilledResult<{ pid: number }>).value;
    const worker = await attach(t, { name });
    assert.equal(worker.pid, pid);
    await worker.close();
    await nothingLeft({ pid, socketPath });
  });

  test('that has replaced the first keeps its files when the first ends', async (t) => {
    const first = await start(t);
    fs.rmSync(first.socketPath!);
    const second = await start(t, { name: first.name });
    await first.close();
    await second.disconnect();
    const third = await attach(t, { name: first.name });
    assert.equal(third.pid, second.pid);
    await third.close();
    await nothingLeft(second);
  });
});

describe('A directory whose lock another program holds', () => {
  const hasFlock = spawnSync('flock', ['--version']).status === 0;

  test(
    'stays as it is: a start reports it, and removes nothing of a worker',
    { skip: !hasFlock && 'no flock(1)' },
    async (t) => {
      const worker = await start(t);
      const holder = spawn('flock', [directory, '-c', 'echo held; read line'], { stdio: ['pipe', 'pipe', 'inherit'] });
      t.after(() => holder.kill('SIGKILL'));
      await once(holder.stdout, 'data');
      const error = await failure(fork({ name: detached.newName() }));
      assert.equal(error.code, 'ERR_SYSTEM');
      assert.match(error.message, /cannot be locked.*`socketPath`/s);
      await worker.close();
      assert.ok(fs.existsSync(worker.socketPath!));
      holder.stdin.end('\n');
      await once(holder, 'exit');
      // What was left the next start removes.
      const other = await start(t);
      assert.equal(fs.existsSync(worker.socketPath!), false);
      await other.close();
      await nothingLeft(other);
    },
  );
});

describe('Nothing is left', () => {
  for (const [what, options, code] of [
    ['a failed start', { execPath: '/nowhere/node' }, 'ERR_WORKER_SPAWN_FAILED'],
    ['a script that fails', { script: fault('throws') }, 'ERR_WORKER_CRASHED'],
    ['a start timeout', { script: fault('never'), timeout: { startup: 300 } }, 'ERR_START_TIMEOUT'],
    ['another serializer', { argv: ['msgpack'] }, 'ERR_SERIALIZER_MISMATCH'],
  ] as const) {
    test(`after ${what}`, async (t) => {
      const driver = new RecordingDriver();
      t.after(() => driver.pids.forEach((pid) => detached.isAlive(pid) && process.kill(pid, 'SIGKILL')));
      const error = await failure(fork({ name: detached.newName(), driver, ...options }));
      assert.equal(error.code, code);
      for (const pid of driver.pids) await detached.gone(pid);
      await eventually('the files are removed', () => files().length === 0);
    });
  }
});
