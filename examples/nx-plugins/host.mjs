// @ts-check
// The host: each plugin of nx in a worker process of its own, all started at once.
//
//     node examples/nx-plugins/host.mjs [workspace]
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { createWorker } from 'isolated-workers';

import { createGraph, readWorkspace } from './graph.mjs';
import { install, nxEnvironment } from './install.mjs';

/** @import { WorkerOptions } from 'isolated-workers' */
/** @import { Messages } from './messages.mjs' */

const root = path.resolve(process.argv[2] ?? fileURLToPath(new URL('./workspace', import.meta.url)));
const plugins = await Promise.all(install().map((file) => start(file)));
const { projects, dependencies } = await createGraph(plugins, await readWorkspace(root));

for (const [folder, { name, targets }] of Object.entries(projects)) {
  console.log(`${name} in ${folder}: ${Object.keys(targets ?? {}).join(', ')}`);
}
for (const { source, target, type } of dependencies) console.log(`${source} -> ${target} (${type})`);
await Promise.all(plugins.map(({ worker }) => worker.close()));

/** @param {string} file */
async function start(file) {
  /** @type {WorkerOptions<Messages>} */
  const options = {
    script: new URL('./worker.mjs', import.meta.url),
    env: { ...process.env, ...nxEnvironment(root) },
    timeout: { types: { createNodes: 60_000, createDependencies: 120_000 } },
    startupData: { file },
    unexpectedShutdown: { strategy: 'retry' },
  };
  const worker = await createWorker(options);
  const { phases } = await worker.send('load');
  return {
    worker,
    phases,
    createNodes: (/** @type {Messages['createNodes']['payload']} */ workspace) => worker.send('createNodes', workspace),
    createDependencies: (/** @type {Messages['createDependencies']['payload']} */ payload) =>
      worker.send('createDependencies', payload),
  };
}
