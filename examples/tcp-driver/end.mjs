// @ts-check
// An end of a connection that moves messages, in the host or in a worker. A message is one line of JSON.
import { EventEmitter, once } from 'node:events';

/** @import { Socket } from 'node:net' */
/** @import { DriverMessage, DriverServerChannel, ShutdownReason } from 'isolated-workers' */
/** @typedef {{ longest: number, onLine: (line: string) => unknown }} Reading */

/** In characters. */
const LONGEST_LINE = 16 * 1024 * 1024;

/**
 * The library registers its listeners in the tick in which it gets the end, so before the first message can come.
 *
 * @implements {DriverServerChannel}
 */
export class End extends EventEmitter {
  /** @type {Socket | undefined} */
  socket;
  /** Messages from before the connection. @type {string[]} */
  early = [];

  get isConnected() {
    return this.socket?.writable === true;
  }

  /** @param {Socket} socket @param {Reading} reading */
  use(socket, reading) {
    Object.assign(reading, { longest: LONGEST_LINE, onLine: (/** @type {string} */ line) => this.receive(line) });
    this.socket = socket.setNoDelay().on('error', (error) => this.emit('trouble', error));
    for (const line of this.early.splice(0)) socket.write(line);
    return this;
  }

  /** @param {DriverMessage} message */
  send(message) {
    const line = `${JSON.stringify(message)}\n`;
    if (line.length > LONGEST_LINE) throw new Error(`it has ${line.length} characters, the limit is ${LONGEST_LINE}`);
    if (this.socket === undefined) this.early.push(line);
    else this.socket.write(line);
  }

  /** @param {string} line */
  receive(line) {
    try {
      this.emit('message', JSON.parse(line));
    } catch (error) {
      this.socket?.destroy(/** @type {Error} */ (error));
    }
  }

  /** @param {(message: DriverMessage) => void} listener */
  onMessage = (listener) => void this.on('message', listener);
  /** @param {(error: Error) => void} listener */
  onError = (listener) => void this.on('trouble', listener);
  /** @param {(reason: ShutdownReason) => void} listener */
  onClose = (listener) => void this.once('close', listener);

  async close() {
    this.socket?.end();
    if (this.socket?.closed === false) await once(this.socket, 'close');
  }
}

/** Keeps no more of an unfinished line than is allowed: little, until `End.use` says who it is. @param {Socket} socket */
export function readLines(socket) {
  let rest = '';
  /** @type {Reading} */
  const reading = { longest: 256, onLine: () => {} };
  socket.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
    rest += text;
    if (text.includes('\n')) {
      const lines = rest.split('\n');
      rest = /** @type {string} */ (lines.pop());
      for (const line of lines) if (!socket.destroyed) reading.onLine(line);
    }
    if (rest.length > reading.longest) socket.destroy(new Error('a line is too long'));
  });
  return reading;
}
