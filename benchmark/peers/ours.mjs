// This package, with its defaults: a child process, the serializer 'structured', the engine that suits the runtime.

const script = new URL('../workers/ours.cjs', import.meta.url);

export class OursPeer {
  name = 'ours';
  title = 'isolated-workers';
  #worker;

  get pid() {
    return this.#worker.pid;
  }

  async start() {
    // Not at the top: the other peers can be measured where the package is not built.
    const { createWorker } = await import('isolated-workers');
    this.#worker = await createWorker({ script, execArgv: [] });
  }

  echo(payload) {
    return this.#worker.send('echo', payload);
  }

  stop() {
    return this.#worker.close();
  }
}

/** The same with the serializer 'structured', which the worker takes from its host. */
export class OursStructuredPeer {
  name = 'ours-structured';
  title = "isolated-workers, 'structured'";
  #worker;

  get pid() {
    return this.#worker.pid;
  }

  async start() {
    const { createWorker } = await import('isolated-workers');
    this.#worker = await createWorker({ script, execArgv: [], serializer: 'structured' });
  }

  echo(payload) {
    return this.#worker.send('echo', payload);
  }

  stop() {
    return this.#worker.close();
  }
}

/** The same worker file as a thread: no serializer, structured clone. */
export class OursThreadsPeer {
  name = 'ours-threads';
  title = 'isolated-workers, thread';
  pid = undefined;
  #worker;

  async start() {
    const { createWorker, WorkerThreadsDriver } = await import('isolated-workers');
    this.#worker = await createWorker({ script, driver: WorkerThreadsDriver, driverOptions: { execArgv: [] } });
  }

  echo(payload) {
    return this.#worker.send('echo', payload);
  }

  stop() {
    return this.#worker.close();
  }
}

/** The I/O engine that ours runs on in this Node. */
export function engineName() {
  return process.env.ISOLATED_WORKERS_ENGINE ?? (process.platform === 'win32' ? 'tokio' : 'uv');
}
