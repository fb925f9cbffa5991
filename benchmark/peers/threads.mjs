// A raw worker thread: one postMessage per request and one per reply.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Pending } from './pending.mjs';

const script = new URL('../workers/threads.cjs', import.meta.url);

export class ThreadsPeer {
  name = 'postMessage';
  title = 'postMessage';
  pid = undefined;
  #pending = new Pending();
  #worker;

  async start() {
    this.#worker = new Worker(script, { execArgv: [] });
    this.#worker.on('message', ({ id, payload }) => this.#pending.settle(id, payload));
    this.#worker.once('exit', () => this.#pending.failAll(new Error('postMessage: the worker exited')));
  }

  echo(payload) {
    return this.#pending.request((id) => this.#worker.postMessage({ id, payload }));
  }

  async stop() {
    const exited = once(this.#worker, 'exit');
    this.#worker.postMessage(null);
    await exited;
  }
}
