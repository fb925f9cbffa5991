// The files of detached workers, and the hosts that may use them.
import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import path from 'node:path';
import { after, describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

import { createWorker } from 'isolated-workers';

import * as door from '../fixtures/detached/support.mjs';
import { attach, directory, files, home, nothingLeft, script, start } from '../fixtures/detached/support.mjs';
import { eventually, failure, fixture as fault, RecordingDriver } from '../fixtures/faults/support.mjs';

after(() => assert.deepEqual(files(), [], 'sockets are left'));

const isRoot = process.getuid!() === 0;
const onlyRoot = isRoot ? {} : { skip: 'only root can act as another user' };
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
        const socketPath = door.newFile();
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
  const orphan = async (t: TestContext, name = door.newName()) => {
    const host = door.runHost(t, ['start', { name }], ['exit', 0]);
    const worker = await host.worker();
    await host.ended;
    process.kill(worker.pid, 'SIGKILL');
    await door.gone(worker.pid);
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
    const name = door.newName();
    const socketPath = path.join(directory, `name-${name}.sock`);
    const hosts = Array.from({ length: 4 }, () => door.runHost(t, ['start', { name }], ['exit', 0]));
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
      const error = await failure(fork({ name: door.newName() }));
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
      t.after(() => driver.pids.forEach((pid) => door.isAlive(pid) && process.kill(pid, 'SIGKILL')));
      const error = await failure(fork({ name: door.newName(), driver, ...options }));
      assert.equal(error.code, code);
      for (const pid of driver.pids) await door.gone(pid);
      await eventually('the files are removed', () => files().length === 0);
    });
  }
});

describe('The socket', () => {
  const connectPeer = async (t: TestContext, socketPath: string, ...lines: (string | Buffer)[]) => {
    const socket = connect(socketPath);
    t.after(() => socket.destroy());
    socket.on('error', () => {});
    await once(socket, 'connect');
    for (const line of lines) socket.write(line);
    return socket;
  };
  const said = async (socket: Socket) => {
    let heard = '';
    socket.on('data', (data) => (heard += String(data)));
    // What was never read resets the connection: an end like any other.
    await new Promise((resolve) => socket.once('close', resolve));
    return heard;
  };
  const tokenOf = (socketPath: string) => fs.readFileSync(`${socketPath}.token`, 'utf8');

  test('refuses a wrong token', async (t) => {
    const worker = await start(t);
    const token = tokenOf(worker.socketPath!);
    for (const wrong of ['0'.repeat(64), token.slice(1), `${token}0`, 'x', '']) {
      fs.writeFileSync(`${worker.socketPath}.token`, wrong);
      assert.equal((await failure(attach(t, { name: worker.name, takeOver: true }))).code, 'ERR_ATTACH_REFUSED');
    }
    fs.writeFileSync(`${worker.socketPath}.token`, token);
    assert.equal(
      await said(await connectPeer(t, worker.socketPath!, `attach ${token.slice(1)} take-over\n`)),
      'token\n',
    );
    assert.equal(await worker.send('add', 1), 1);
    await worker.close();
    await nothingLeft(worker);
  });

  test('refuses other users, even with path and token', { ...onlyRoot }, async (t) => {
    // Everybody may enter here, and read what the stranger runs.
    const open = fs.mkdtempSync('/tmp/iw-open-');
    fs.chmodSync(open, 0o777);
    t.after(() => fs.rmSync(open, { recursive: true, force: true }));
    const worker = await start(t, { socketPath: path.join(open, 'a.sock') });
    const token = tokenOf(worker.socketPath!);
    for (const mode of [0o600, 0o666]) {
      fs.chmodSync(worker.socketPath!, mode);
      fs.chmodSync(`${worker.socketPath}.token`, mode);
      const { raw, code } = await strange(worker.socketPath!, token);
      assert.deepEqual([raw, code], ['', 'ERR_ATTACH_REFUSED']);
      assert.equal(await worker.send('pid'), worker.pid);
    }
    await worker.close();
  });

  test('of another user makes attachWorker fail', onlyRoot, async (t) => {
    const worker = await start(t, { socketPath: door.newFile() });
    fs.chownSync(`${worker.socketPath}.token`, 65534, 65534);
    const error = await failure(attach(t, { socketPath: worker.socketPath, takeOver: true }));
    assert.equal(error.code, 'ERR_ATTACH_REFUSED');
    assert.match(error.message, /it belongs to the user with the id 65534/);
    await worker.close();
  });

  test('is distinguished from other programs that listen', async (t) => {
    const socketPath = door.newFile();
    fs.writeFileSync(`${socketPath}.token`, 'ab');
    const sockets: Socket[] = [];
    let answer: string | undefined = 'HTTP/1.1 400 Bad Request\r\n';
    const server = createServer((socket) => {
      sockets.push(socket.on('error', () => {}));
      if (answer !== undefined) socket.end(answer);
    }).listen(socketPath);
    await once(server, 'listening');
    t.after(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
      fs.rmSync(`${socketPath}.token`, { force: true });
    });
    for (const text of ['HTTP/1.1 400 Bad Request\r\n', 'welcome\n', 'welcome x\n', '', 'x'.repeat(1000)]) {
      answer = text;
      const error = await failure(attach(t, { socketPath }));
      assert.match(error.code, /^ERR_(ATTACH_REFUSED|NO_SUCH_WORKER)$/);
    }
    answer = undefined;
    assert.equal((await failure(attach(t, { socketPath, timeout: { startup: 100 } }))).code, 'ERR_START_TIMEOUT');
    assert.equal((await failure(fork({ socketPath }))).code, 'ERR_WORKER_OCCUPIED');
  });

  test('disconnects peers that send no handshake, and the worker goes on', async (t) => {
    const worker = await start(t);
    const { socketPath } = worker;
    const token = tokenOf(socketPath!);
    const lines = [
      '\n',
      'hello\n',
      `attach ${token}\n`,
      `attach ${token} everything\n`,
      `attach  ${token} messages\n`,
      Buffer.from([0xff, 0xfe, 0x0a]),
      `${'x'.repeat(100_000)}\n`,
    ];
    for (const line of lines) assert.match(await said(await connectPeer(t, socketPath!, line)), /^(what\n)?$/);
    // Half a line, and gone.
    (await connectPeer(t, socketPath!, `attach ${token}`)).destroy();
    // Let in, and then nonsense: the place is free again when it is gone.
    await worker.disconnect();
    for (const nonsense of ['nonsense\n', '{"kind":"hello","protocol":99}\n', Buffer.alloc(100_000, 1)]) {
      const welcomed = await connectPeer(t, socketPath!, `attach ${token} take-over\n`);
      await once(welcomed, 'data');
      welcomed.end(nonsense);
      await said(welcomed);
    }
    const lifeline = await connectPeer(t, socketPath!, `attach ${token} lifeline\n`, Buffer.alloc(4_097, 'p'));
    await once(lifeline, 'data');
    lifeline.destroy();
    const second = await attach(t, { name: worker.name });
    assert.equal(await second.send('pid'), worker.pid);
    await second.close();
    await nothingLeft(worker);
  });

  test('accepts a host while 40 peers stay silent, and closes their descriptors', async (t) => {
    const worker = await start(t);
    await worker.disconnect();
    const silent = await Promise.all(Array.from({ length: 40 }, () => connectPeer(t, worker.socketPath!)));
    const began = Date.now();
    const second = await attach(t, { name: worker.name });
    assert.equal(await second.send('pid'), worker.pid);
    assert.ok(Date.now() - began < 900, `it took ${Date.now() - began} ms`);
    assert.deepEqual(await Promise.all(silent.map(said)), Array(40).fill('what\n'));
    await second.close();
    await nothingLeft(worker);
  });

  test('gives the place of a silent host to the next host', async (t) => {
    const worker = await start(t);
    await worker.disconnect();
    const token = tokenOf(worker.socketPath!);
    const silent = await connectPeer(t, worker.socketPath!, `attach ${token} messages\n`);
    assert.match(await said(silent), /^welcome /);
    const second = await attach(t, { name: worker.name });
    assert.equal(await second.send('add', 1), 1);
    await second.close();
  });

  /** Runs `stranger.mjs`, from where every user may read. */
  async function strange(socketPath: string, token: string): Promise<{ raw: string; code: string }> {
    const stranger = fileURLToPath(door.fixtureUrl('stranger'));
    return new Promise((resolve, reject) => {
      execFile(process.execPath, [stranger, socketPath, token], (error, stdout, stderr) => {
        if (error) reject(new Error(stderr, { cause: error }));
        else resolve(JSON.parse(stdout));
      });
    });
  }
});
