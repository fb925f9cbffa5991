// @ts-check
// One plugin of nx. It knows nothing of workers: worker.mjs serves it, and a test runs it in its own process to compare.
import { createRequire } from 'node:module';

/** @import { Dependency, Projects, Workspace } from './messages.mjs' */

const phases = ['createNodes', 'createDependencies'];

export class Plugin {
  /** @type {any} */
  #plugin;
  /** @type {any} */
  #minimatch;

  /** @param {{ file: string }} payload */
  load({ file }) {
    const require = createRequire(file);
    const loaded = require(file);
    this.#plugin = loaded.default ?? loaded;
    this.#minimatch = require('minimatch').minimatch;
    return { name: String(this.#plugin.name), phases: phases.filter((phase) => phase in this.#plugin) };
  }

  /**
   * @param {Workspace} workspace
   * @returns {Promise<Projects>} By their roots.
   */
  async createNodes({ root, nxJson, files }) {
    const [pattern, create] = this.#plugin.createNodes;
    const matching = files.filter((file) => this.#minimatch(file, pattern, { dot: true }));
    const created = await create(matching, undefined, { workspaceRoot: root, nxJsonConfiguration: nxJson });
    return Object.assign({}, ...created.map((/** @type {any} */ [, { projects }]) => projects));
  }

  /**
   * @param {{ workspace: Workspace, projects: Projects }} payload
   * @returns {Promise<Dependency[]>}
   */
  async createDependencies({ workspace: { root, nxJson, files }, projects }) {
    /** @type {Record<string, { file: string, hash: string }[]>} */
    const projectFileMap = {};
    for (const [folder, { name }] of Object.entries(projects)) {
      const own = files.filter((file) => file.startsWith(`${folder}/`));
      projectFileMap[String(name)] = own.map((file) => ({ file, hash: '' }));
    }
    const fileMap = { projectFileMap, nonProjectFiles: [] };
    return this.#plugin.createDependencies(undefined, {
      workspaceRoot: root,
      nxJsonConfiguration: nxJson,
      externalNodes: {},
      projects: Object.fromEntries(Object.values(projects).map((project) => [project['name'], project])),
      fileMap,
      filesToProcess: fileMap,
    });
  }
}
