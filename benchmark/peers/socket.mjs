// A bare `net` socket (a Unix socket; on Windows a named pipe) with JSON lines, the worker connecting to the host.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import lines from '../workers/lines.cjs';
import { Pending } from './pending.mjs';

const script = fileURLToPath(new URL('../workers/socket.cjs', import.meta.url));

export class SocketPeer {
  name = 'net-json';
  title = 'net, JSON lines';
  #pending = new Pending();
  #child;
  #socket;
  #send;

  get pid() {
    return this.#child.pid;
  }

  async start() {
    const folder = mkdtempSync(path.join(tmpdir(), 'bench-'));
    const address =
      process.platform === 'win32' ? `\\\\.\\pipe\\${path.basename(folder)}` : path.join(folder, 'socket');
    const server = net.createServer().listen(address);
    await once(server, 'listening');
    this.#child = spawn(process.execPath, [script, address], { stdio: 'inherit' });
    this.#child.once('exit', () => this.#pending.failAll(new Error('net-json: the worker exited')));
    [this.#socket] = await once(server, 'connection');
    server.close();
    rmSync(folder, { recursive: true, force: true });
    this.#send = lines.jsonLines(this.#socket, ({ id, payload }) => this.#pending.settle(id, payload));
  }

  echo(payload) {
    return this.#pending.request((id) => this.#send({ id, payload }));
  }

  async stop() {
    const exited = once(this.#child, 'exit');
    this.#socket.end();
    await exited;
  }
}
