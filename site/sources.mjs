// Which files of the repository become pages of the site, and at which path below site/pages.
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

const atRoot = ['ARCHITECTURE.md', 'CHANGELOG.md', 'CODE_OF_CONDUCT.md', 'CONTRIBUTING.md', 'SECURITY.md'];

/** Pages by their source, both relative: `docs/pool.md` to the root, `guide/pool.md` to site/pages. */
export function pageFiles() {
  const pages = new Map([['README.md', 'index.md']]);
  for (const file of atRoot.filter((name) => existsSync(path.join(root, name)))) {
    pages.set(file, `project/${file.toLowerCase()}`);
  }
  for (const file of markdownOf('docs')) {
    pages.set(
      file,
      file.startsWith('docs/decisions/') ? file.replace('docs/', 'project/') : file.replace('docs/', 'guide/'),
    );
  }
  for (const file of [...markdownOf('examples'), ...markdownOf('benchmark')]) {
    pages.set(file, file.replace('README.md', 'index.md'));
  }
  return pages;
}

/** The files of an example that its page shows, relative to the example. */
export function sourceFilesOf(example) {
  const files = readdirSync(path.join(root, 'examples', example), { recursive: true, encoding: 'utf8' });
  return files.filter((file) => /\.([cm]?[jt]s|py)$/.test(file)).toSorted();
}

function markdownOf(folder) {
  const files = readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.md'))
    .map((file) => path.posix.join(folder, file))
    .toSorted();
}
