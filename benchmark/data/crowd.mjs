// Some workers that take a project each and answer with the number of its modules.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createWorker, preparePayload } from 'isolated-workers';

const script = (name) => new URL(`./workers/${name}.cjs`, import.meta.url);
const forked = 'fork-advanced';

export class Crowd {
  #way;
  #count;
  #workers = [];

  constructor(way, count) {
    this.#way = way;
    this.#count = count;
  }

  get pids() {
    return this.#workers.map(({ pid }) => pid);
  }

  async start() {
    const start = () =>
      this.#way === forked
        ? fork(fileURLToPath(script('fork')), { serialization: 'advanced', execArgv: [] })
        : createWorker({ script: script('ours'), execArgv: [], serializer: 'structured' });
    this.#workers = await Promise.all(Array.from({ length: this.#count }, start));
  }

  /** Resolves with what each has counted. Preparing is part of it. */
  give(project) {
    const payload = this.#way === 'prepared' ? preparePayload(project) : project;
    return Promise.all(
      this.#workers.map((worker) => (this.#way === forked ? ask(worker, payload) : take(worker, payload))),
    );
  }

  async stop() {
    await Promise.all(this.#workers.map((worker) => (this.#way === forked ? leave(worker) : worker.close())));
  }
}

function take(worker, payload) {
  return worker.send('take', payload, { timeout: 300_000 });
}

async function ask(child, payload) {
  const answer = once(child, 'message');
  child.send(payload);
  return (await answer)[0];
}

async function leave(child) {
  const exited = once(child, 'exit');
  child.disconnect();
  await exited;
}
