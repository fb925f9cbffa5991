// @ts-check
// The graph of a workspace: the same phases, whatever runs the plugins.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** @import { Dependency, Projects, Workspace } from './messages.mjs' */

/**
 * @typedef {object} PluginCalls
 * @property {string[]} phases
 * @property {(workspace: Workspace) => Promise<Projects>} createNodes
 * @property {(payload: { workspace: Workspace, projects: Projects }) => Promise<Dependency[]>} createDependencies
 */

/**
 * @param {string} root
 * @returns {Promise<Workspace>}
 */
export async function readWorkspace(root) {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  const nxJson = JSON.parse(await readFile(path.join(root, 'nx.json'), 'utf8'));
  return { root, nxJson, files: files.map((file) => path.relative(root, file)).toSorted() };
}

/**
 * @param {readonly PluginCalls[]} plugins A later plugin adds to a project of an earlier one.
 * @param {Workspace} workspace
 */
export async function createGraph(plugins, workspace) {
  const withPhase = (/** @type {string} */ phase) => plugins.filter(({ phases }) => phases.includes(phase));
  /** @type {Projects} */
  const projects = {};
  for (const found of await Promise.all(withPhase('createNodes').map((plugin) => plugin.createNodes(workspace)))) {
    for (const [root, project] of Object.entries(found)) projects[root] = { ...projects[root], ...project };
  }
  const payload = { workspace, projects };
  const found = await Promise.all(withPhase('createDependencies').map((plugin) => plugin.createDependencies(payload)));
  return { projects, dependencies: found.flat() };
}
