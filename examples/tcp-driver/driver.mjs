// @ts-check
// A custom driver: each worker is a process that connects to its host by TCP on the loopback interface.
import { spawn } from 'node:child_process';
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { defineWorkerDriver } from 'isolated-workers';
import { End, readLines } from './end.mjs';

/** @import { ChildProcess } from 'node:child_process' */
/** @import { AddressInfo, Server, Socket } from 'node:net' */
/** @import { DriverChannel } from 'isolated-workers' */

/** Gives a worker the port to connect to and the token to send first: `port:token`. */
const VARIABLE = 'TCP_DRIVER';
/** A process may outlive its connection by this many milliseconds. */
const GRACE = 1000;

export const tcpDriver = defineWorkerDriver({
  name: 'tcp',

  /** @param {string} script @param {{ argv?: string[] }} options */
  async spawn(script, { argv = [] }) {
    const token = randomBytes(32).toString('hex');
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = /** @type {AddressInfo} */ (server.address());
    const env = { ...process.env, [VARIABLE]: `${port}:${token}` };
    const child = spawn(process.execPath, [script, ...argv], { env, stdio: 'inherit' });
    const end = new HostEnd(child, server, token);
    await once(child, 'spawn');
    return end;
  },

  async createServer() {
    const [port, token] = (process.env[VARIABLE] ?? '').split(':');
    // Programs that this worker starts must not connect.
    delete process.env[VARIABLE];
    if (token === undefined) throw new Error('no host has started this process');
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write(`${token}\n`);
    const end = new End();
    socket.once('close', () => end.emit('close', { type: 'close' }));
    return end.use(socket, readLines(socket));
  },
});

/** @implements {DriverChannel} */
class HostEnd extends End {
  /** @type {'ref' | 'unref'} */
  hold = 'ref';

  /** @param {ChildProcess} child @param {Server} server @param {string} token */
  constructor(child, server, token) {
    super();
    this.child = child;
    this.server = server;
    /** Peers that have not sent the token yet. @type {Set<Socket>} */
    const strangers = new Set();
    const stopListening = () => {
      server.close();
      for (const stranger of strangers) stranger.destroy();
    };
    server.on('connection', (socket) => {
      strangers.add(socket.on('error', () => {}).once('close', () => strangers.delete(socket)));
      const reading = readLines(socket);
      reading.onLine = (line) => {
        const said = Buffer.from(line);
        if (said.length !== token.length || !timingSafeEqual(said, Buffer.from(token))) return socket.destroy();
        // It is the worker. Nobody else may connect from here on.
        strangers.delete(socket);
        stopListening();
        this.use(socket, reading);
        socket[this.hold]();
        socket.once('close', () => setTimeout(() => child.kill('SIGKILL'), GRACE).unref());
      };
    });
    child.once('error', stopListening).once('exit', async (code, signal) => {
      stopListening();
      // The last messages of the worker arrive before the event of its end.
      if (this.socket?.closed === false) await once(this.socket, 'close');
      this.emit('close', { type: 'exit', code, signal });
    });
  }

  get pid() {
    return this.child.pid;
  }

  /** A message that asks the worker to stop is on its way. @override */
  async close() {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
  }

  /** @param {NodeJS.Signals} [signal] */
  terminate = (signal) => void this.child.kill(signal);
  ref = () => this.setHold('ref');
  unref = () => this.setHold('unref');

  /** Whether the worker keeps the host alive. @param {'ref' | 'unref'} hold */
  setHold(hold) {
    this.hold = hold;
    for (const each of [this.child, this.server, this.socket]) each?.[hold]();
  }
}
