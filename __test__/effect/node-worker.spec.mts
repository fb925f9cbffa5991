// Effect's RPC over `NodeWorker` and `NodeWorkerRunner`, unmodified, on Node's threads, and on our processes in place of them.
import { Worker as Thread } from 'node:worker_threads';

import * as NodeWorker from '@effect/platform-node/NodeWorker';
import { Worker as Process } from 'isolated-workers/worker_threads';

import { script, testRpc } from '../fixtures/effect/rpc-suite.mjs';
import { NODE_RUNNER } from '../fixtures/effect/surroundings.mjs';

const options = { argv: [NODE_RUNNER] };
const exited = /The worker has exited with code: 3/;

testRpc({ name: 'NodeWorker on threads', layer: NodeWorker.layer(() => new Thread(script, options)), exited });
testRpc({
  name: 'NodeWorker on processes',
  layer: NodeWorker.layer(() => new Process(script, options)),
  areProcesses: true,
  exited,
});
