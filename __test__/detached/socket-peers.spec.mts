// The peers that connect to the socket of a detached worker: wrong tokens, other users, other programs, silent ones.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import path from 'node:path';
import { after, describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

import { createWorker } from 'isolated-workers';

import * as detached from '../fixtures/detached/support.mjs';
import { attach, files, nothingLeft, onlyRoot, script, start } from '../fixtures/detached/support.mjs';
import { failure } from '../fixtures/faults/support.mjs';

after(() => assert.deepEqual(files(), [], 'sockets are left'));

const fork = (options: object) => createWorker<any>({ script, detached: true, ...options });

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
    const worker = await start(t, { socketPath: detached.newFile() });
    fs.chownSync(`${worker.socketPath}.token`, 65534, 65534);
    const error = await failure(attach(t, { socketPath: worker.socketPath, takeOver: true }));
    assert.equal(error.code, 'ERR_ATTACH_REFUSED');
    assert.match(error.message, /it belongs to the user with the id 65534/);
    await worker.close();
  });

  test('is distinguished from other programs that listen', async (t) => {
    const socketPath = detached.newFile();
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
    const stranger = fileURLToPath(detached.fixtureUrl('stranger'));
    return new Promise((resolve, reject) => {
      execFile(process.execPath, [stranger, socketPath, token], (error, stdout, stderr) => {
        if (error) reject(new Error(stderr, { cause: error }));
        else resolve(JSON.parse(stdout));
      });
    });
  }
});
