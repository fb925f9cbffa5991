// @ts-check
// The worker: loads one plugin and serves it. The name comes with the start, so a worker that replaces a crashed one has it too.
import { getStartupData, startWorkerServer } from 'isolated-workers';

import { Plugin } from './plugin.mjs';

/** @import { Handlers } from 'isolated-workers' */
/** @import { Messages } from './messages.mjs' */

const plugin = new Plugin();
const loaded = plugin.load(getStartupData());

/** @type {Handlers<Messages>} */
const handlers = {
  load: () => loaded,
  createNodes: (workspace) => plugin.createNodes(workspace),
  createDependencies: (payload) => plugin.createDependencies(payload),
};

await startWorkerServer(handlers);
