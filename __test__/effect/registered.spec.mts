// Effect's RPC over `NodeWorker` and `NodeWorkerRunner`, unmodified, where `isolated-workers/register` has replaced the workers of
// `node:worker_threads`. This file registers itself: each spec file has a process of its own.
import 'isolated-workers/register';
import { Worker } from 'node:worker_threads';

import * as NodeWorker from '@effect/platform-node/NodeWorker';

import { script, testRpc } from '../fixtures/effect/rpc-suite.mjs';
import { NODE_RUNNER } from '../fixtures/effect/surroundings.mjs';

testRpc({
  name: 'NodeWorker with isolated-workers/register',
  layer: NodeWorker.layer(() => new Worker(script, { argv: [NODE_RUNNER] })),
  areProcesses: true,
  exited: /The worker has exited with code: 3/,
});
