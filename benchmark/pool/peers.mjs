// The pools, each with the same few functions: `start(workers, inFlight)`, `run(task, payload)`, `stop()`.
import { Worker } from 'node:worker_threads';

import { createPool, createWorker, WorkerThreadsDriver } from 'isolated-workers';

import { foreignWorker, load } from './install.mjs';

const own = (name) => new URL(`./workers/${name}.cjs`, import.meta.url);

/** How many requests each worker may have at once, so that all that are in flight are with workers. */
const each = (inFlight, workers) => Math.max(1, Math.ceil(inFlight / workers));

const drivers = { process: undefined, thread: WorkerThreadsDriver };

function ours(kind, options = {}, script = 'ours') {
  return {
    async start(workers, inFlight) {
      const concurrency = each(inFlight, workers);
      const pool = await createPool({
        script: own(script),
        driver: drivers[kind],
        minWorkers: workers,
        maxWorkers: workers,
        concurrency,
        ...options,
      });
      return { run: (task, payload) => pool.send(task, payload), stop: () => pool.close() };
    },
  };
}

/** One worker of ours without a pool: what the pool may cost is measured beside it, with a pool of one. */
function bare(kind) {
  return {
    async start() {
      const worker = await createWorker({ script: own('ours'), driver: drivers[kind] });
      return { run: (task, payload) => worker.send(task, payload), stop: () => worker.close() };
    },
  };
}

const piscina = {
  async start(workers, inFlight) {
    const { default: Piscina } = await load('piscina');
    const pool = new Piscina({
      filename: foreignWorker('named'),
      minThreads: workers,
      maxThreads: workers,
      concurrentTasksPerWorker: each(inFlight, workers),
    });
    return { run: (name, payload) => pool.run(payload, { name }), stop: () => pool.close() };
  },
};

function tinypool(runtime) {
  return {
    async start(workers, inFlight) {
      const { Tinypool } = await load('tinypool');
      const pool = new Tinypool({
        runtime,
        filename: foreignWorker('named'),
        minThreads: workers,
        maxThreads: workers,
        concurrentTasksPerWorker: each(inFlight, workers),
      });
      return { run: (name, payload) => pool.run(payload, { name }), stop: () => pool.destroy() };
    },
  };
}

function workerpool(workerType) {
  return {
    async start(workers) {
      const library = await load('workerpool');
      const pool = library.pool(foreignWorker('workerpool'), { workerType, minWorkers: workers, maxWorkers: workers });
      return { run: (name, payload) => pool.exec(name, [payload]), stop: () => pool.terminate() };
    },
  };
}

function poolifier(kind) {
  return {
    async start(workers) {
      const { FixedClusterPool, FixedThreadPool } = await load('poolifier');
      const Pool = kind === 'process' ? FixedClusterPool : FixedThreadPool;
      const pool = new Pool(workers, foreignWorker(kind === 'process' ? 'poolifier-cluster' : 'poolifier-thread'), {
        errorHandler: (error) => console.error(error),
      });
      return { run: (name, payload) => pool.execute(payload, name), stop: () => inTime(pool.destroy()) };
    },
  };
}

function jestWorker(enableWorkerThreads) {
  return {
    async start(numWorkers) {
      const { Worker: Farm } = await load('jest-worker');
      const farm = new Farm(foreignWorker('named'), {
        numWorkers,
        enableWorkerThreads,
        exposedMethods: ['echo', 'compute'],
      });
      return { run: (name, payload) => farm[name](payload), stop: () => farm.end() };
    },
  };
}

/** Not every pool ends its threads so that it notices. */
function inTime(ending) {
  return Promise.race([ending, new Promise((resolve) => setTimeout(resolve, 500))]);
}

/** Bare threads that get all their work in one message: nobody can be faster. Only for work that computes. */
export const ideal = {
  name: 'ideal',
  async start(workers) {
    const code = `const { parentPort } = require('node:worker_threads');
      const { tasks } = require(${JSON.stringify(foreignWorker('tasks'))});
      parentPort.on('message', (work) => { tasks.computeMany(work); parentPort.postMessage(null); });`;
    const threads = Array.from({ length: workers }, () => new Worker(code, { eval: true }));
    const run = (thread, work) =>
      new Promise((resolve) => {
        thread.once('message', resolve);
        thread.postMessage(work);
      });
    await Promise.all(threads.map((thread) => run(thread, { count: 1, rounds: 1 })));
    return {
      runAll: (count, rounds) => Promise.all(threads.map((thread) => run(thread, { count: count / workers, rounds }))),
      stop: () => Promise.all(threads.map((thread) => thread.terminate())),
    };
  },
};

export const peers = [
  { name: 'isolated-workers, processes', ...ours('process') },
  {
    name: "isolated-workers, processes, 'structured'",
    ...ours('process', { serializer: 'structured' }, 'ours-structured'),
  },
  { name: 'isolated-workers, threads', ...ours('thread') },
  { name: 'piscina', ...piscina },
  { name: 'tinypool, threads', ...tinypool('worker_threads') },
  { name: 'tinypool, processes', ...tinypool('child_process') },
  { name: 'workerpool, threads', ...workerpool('thread') },
  { name: 'workerpool, processes', ...workerpool('process') },
  { name: 'poolifier, threads', ...poolifier('thread') },
  { name: 'poolifier, processes', ...poolifier('process') },
  { name: 'jest-worker, threads', ...jestWorker(true) },
  { name: 'jest-worker, processes', ...jestWorker(false) },
];

/** A worker of ours, and a pool of one. */
export const overhead = [
  { name: 'one worker, process', ...bare('process') },
  { name: 'a pool of one, process', ...ours('process') },
  { name: 'one worker, thread', ...bare('thread') },
  { name: 'a pool of one, thread', ...ours('thread') },
];
