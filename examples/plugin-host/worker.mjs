// @ts-check
// The worker: runs whichever plugin the host tells it to load. All plugins share this script, none shares a process.
import { startWorkerServer } from 'isolated-workers';

/** @import { PluginMessages } from './messages.mjs' */
/** @import { Plugin } from './plugins/plugin.mjs' */

/** @type {Plugin | undefined} */
let plugin;

/** @type {import('isolated-workers').Handlers<PluginMessages>} */
const handlers = {
  async load({ module }) {
    /** @type {{ plugin: Plugin }} */
    const loaded = await import(module);
    plugin = loaded.plugin;
    return { version: plugin.version, takes: plugin.takes };
  },

  processFile(file) {
    if (plugin === undefined) throw new Error('no plugin is loaded');
    return plugin.processFile(file);
  },
};

await startWorkerServer(handlers);
