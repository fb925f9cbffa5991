// child_process.fork with its IPC channel, as in Node's documentation.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Pending } from './pending.mjs';

const script = fileURLToPath(new URL('../workers/fork.cjs', import.meta.url));

export class ForkPeer {
  #pending = new Pending();
  #child;

  constructor(serialization) {
    this.name = `fork-${serialization}`;
    this.title = `fork, ${serialization}`;
    this.serialization = serialization;
  }

  get pid() {
    return this.#child.pid;
  }

  async start() {
    this.#child = fork(script, { serialization: this.serialization, execArgv: [] });
    this.#child.on('message', ({ id, payload }) => this.#pending.settle(id, payload));
    this.#child.once('exit', () => this.#pending.failAll(new Error(`${this.name}: the worker exited`)));
  }

  echo(payload) {
    return this.#pending.request((id) => this.#child.send({ id, payload }));
  }

  async stop() {
    const exited = once(this.#child, 'exit');
    this.#child.disconnect();
    await exited;
  }
}
