// @ts-check
// nx itself, kept below build/, as nothing but this example needs it.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../build/nx-plugins/', import.meta.url));
const nx = path.join(folder, 'node_modules/nx');

/**
 * What nx reads from its environment when it is loaded: the root of the workspace, no daemon, and a place for what it caches.
 *
 * @param {string} root
 */
export const nxEnvironment = (root) => ({
  NX_WORKSPACE_ROOT_PATH: root,
  NX_DAEMON: 'false',
  NX_CACHE_PROJECT_GRAPH: 'false',
  NX_WORKSPACE_DATA_DIRECTORY: path.join(folder, 'data'),
  NX_CACHE_DIRECTORY: path.join(folder, 'cache'),
});

/** Installs nx, unless it is there; throws where npm cannot. Returns the files of its own plugins. */
export function install() {
  if (!existsSync(path.join(nx, 'package.json'))) {
    mkdirSync(folder, { recursive: true });
    const args = [
      'install',
      '--silent',
      '--no-audit',
      '--no-fund',
      '--no-save',
      '--ignore-scripts',
      '--prefix',
      folder,
    ];
    execFileSync('npm', [...args, 'nx@24.0.6'], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  }
  const plugins = ['plugins/package-json', 'src/plugins/project-json/build-nodes/project-json', 'src/plugins/js/index'];
  return plugins.map((plugin) => path.join(nx, 'dist', `${plugin}.js`));
}
