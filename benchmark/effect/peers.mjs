// The workers that are compared, each as the layer that a host gets them from.
import { Worker } from 'node:worker_threads';
import { layer as nodeLayer } from '@effect/platform-node/NodeWorker';
import { WorkerThreadsDriver } from 'isolated-workers';
import { layer } from 'isolated-workers/effect';

const ours = new URL('./workers/ours.mjs', import.meta.url);

export const peers = {
  'isolated-workers, process': layer(() => ({ script: ours, execArgv: [] })),
  'isolated-workers, thread': layer(() => ({ script: ours, driver: WorkerThreadsDriver, execArgv: [] })),
  'NodeWorker, thread': nodeLayer(() => new Worker(new URL('./workers/node.mjs', import.meta.url), { execArgv: [] })),
};
