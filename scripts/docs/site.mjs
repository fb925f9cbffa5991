// Building the documentation site.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root, run } from '../command.mjs';

const site = path.join(root, 'site');

/** Installs the tools of the site if they are missing or old, writes the pages, and builds them. Gives an exit code. */
export async function buildSite() {
  const tool = (name, ...args) => [process.execPath, [path.join(site, 'node_modules', name), ...args]];
  const commands = [
    ...(isInstalled() ? [] : [['npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts']]]),
    [process.execPath, ['pages.mjs']],
    tool('typedoc/bin/typedoc', '--logLevel', 'Error'),
    tool('vitepress/bin/vitepress.js', 'build'),
  ];
  for (const [command, args] of commands) {
    const code = await run(command, args, { cwd: site });
    if (code !== 0) return code;
  }
  return 0;
}

/** Compares the lock file with the copy of its entries that npm keeps beside what it installs. */
function isInstalled() {
  const copy = 'node_modules/.package-lock.json';
  if (!existsSync(path.join(site, copy))) return false;
  const packagesOf = (file) => Object.entries(JSON.parse(readFileSync(path.join(site, file), 'utf8')).packages);
  const installed = new Map(packagesOf(copy));
  return packagesOf('package-lock.json').every(
    ([name, { version, optional }]) => name === '' || optional === true || installed.get(name)?.version === version,
  );
}
