// Workers with the API of node:worker_threads, and the child process that their start is compared with.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker as NativeWorker } from 'node:worker_threads';
import { Worker as ProcessWorker } from 'isolated-workers/worker_threads';

const echo = new URL('./workers/echo.cjs', import.meta.url);
const forked = fileURLToPath(new URL('./workers/fork.cjs', import.meta.url));

export const peers = {
  'isolated-workers/worker_threads': { create: () => workerPeer(ProcessWorker), hasMessages: true },
  'node:worker_threads': { create: () => workerPeer(NativeWorker), hasMessages: true },
  'fork, json': { create: forkPeer, hasMessages: false },
};

function workerPeer(Worker) {
  const worker = new Worker(echo, { execArgv: [] });
  return {
    port: worker,
    post: (message, transfer) => worker.postMessage(message, transfer),
    stop: () => worker.terminate(),
  };
}

function forkPeer() {
  const child = fork(forked, { execArgv: [] });
  return {
    port: child,
    post: (message) => child.send(message),
    async stop() {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}
