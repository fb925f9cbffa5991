// @ts-check
// The files that the plugins work on: every file below a folder but for what is installed or built.
import { readdir } from 'node:fs/promises';
import path from 'node:path';

const skippedNames = new Set(['.git', 'node_modules']);
// In the root only: folders of these names deeper down are sources like any other.
const skippedInRoot = new Set(['build', 'dist', 'target', 'test-dist']);

/**
 * The paths of all files, relative to `root` and with forward slashes, in a stable order.
 *
 * @param {string} root
 * @returns {Promise<string[]>}
 */
export async function listFiles(root, folder = '') {
  const entries = await readdir(path.join(root, folder), { withFileTypes: true });
  const found = entries.map((entry) => {
    const name = path.posix.join(folder, entry.name);
    if (entry.isFile()) return [name];
    const isSkipped = skippedNames.has(entry.name) || (folder === '' && skippedInRoot.has(entry.name));
    return entry.isDirectory() && !isSkipped ? listFiles(root, name) : [];
  });
  return (await Promise.all(found)).flat().toSorted();
}
