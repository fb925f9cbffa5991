// @ts-check
// The host's side of one plugin: its worker, and a new one when that crashes.
import { createWorker, WorkerCrashedError } from 'isolated-workers';

/** @import { WorkerClient } from 'isolated-workers' */
/** @import { Counts, PluginFacts, PluginMessages, SourceFile } from './messages.mjs' */

/**
 * @typedef {object} Crash
 * @property {number} pid Of the worker that is gone.
 * @property {WorkerCrashedError} error What the first lost request was rejected with.
 * @property {number} lost How many requests were lost with it.
 */

const script = new URL('./worker.mjs', import.meta.url);
const maxCrashes = 3;

export class PluginWorker {
  /** @type {Crash[]} */
  crashes = [];
  /** @type {PluginFacts} */
  facts = { version: '', takes: [] };

  /** Every worker there has been; the last one is the current one. @type {WorkerClient<PluginMessages>[]} */
  #workers = [];
  /** @type {Promise<WorkerClient<PluginMessages>> | undefined} */
  #ready;

  /** @param {string} name */
  constructor(name) {
    this.name = name;
  }

  /** The current worker's process id. */
  get pid() {
    return this.#workers.at(-1)?.pid;
  }

  /** The process ids of all its workers. */
  get pids() {
    return this.#workers.map(({ pid }) => pid);
  }

  /** Starts the worker and loads the plugin into it. */
  async start() {
    this.#ready = this.#spawn();
    await this.#ready;
  }

  /**
   * A request that is lost with its worker is sent again to the next one. What the plugin throws is thrown here.
   *
   * @param {SourceFile} file
   * @returns {Promise<Counts>}
   */
  async processFile(file) {
    const worker = await this.#ready;
    if (worker === undefined) throw new Error(`the plugin ${this.name} is not started`);
    try {
      return await worker.send('processFile', file);
    } catch (error) {
      if (!(error instanceof WorkerCrashedError)) throw error;
      this.#recordLoss(worker.pid, error);
      return this.processFile(file);
    }
  }

  async close() {
    await Promise.all(this.#workers.map((worker) => worker.close()));
  }

  async #spawn() {
    /** @type {WorkerClient<PluginMessages>} */
    const worker = await createWorker({ script, name: this.name });
    this.#workers.push(worker);
    this.facts = await worker.send('load', { module: `./plugins/${this.name}.mjs` });
    return worker;
  }

  /**
   * Every lost request comes here; the first one of a worker starts the next worker.
   *
   * @param {number} pid
   * @param {WorkerCrashedError} error
   */
  #recordLoss(pid, error) {
    const known = this.crashes.find((crash) => crash.pid === pid);
    if (known === undefined) this.crashes.push({ pid, error, lost: 1 });
    else known.lost += 1;
    // A plugin that crashes each time must not be started for ever.
    if (this.crashes.length > maxCrashes) throw error;
    if (known === undefined) this.#ready = this.#spawn();
  }
}
