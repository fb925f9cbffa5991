// The other pools: npm packages that are kept below build/, as nothing but this benchmark needs them.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const folder = fileURLToPath(new URL('../../build/bench-pool/', import.meta.url));
const require = createRequire(path.join(folder, 'index.js'));

export const versions = {
  piscina: '5.3.2',
  tinypool: '2.2.0',
  workerpool: '10.0.3',
  poolifier: '5.3.2',
  'jest-worker': '30.5.1',
};

/** Installs them, unless they are there. */
export function install() {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: versions }));
  const isThere = Object.entries(versions).every(([name, version]) => {
    const file = path.join(folder, 'node_modules', name, 'package.json');
    return existsSync(file) && require(file).version === version;
  });
  if (!isThere)
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--silent', '--ignore-scripts'], {
      cwd: folder,
      stdio: 'inherit',
    });
  // Beside the packages, which they require.
  cpSync(new URL('./workers/', import.meta.url), path.join(folder, 'workers'), { recursive: true });
}

/** The path of a worker of another pool. */
export const foreignWorker = (name) => path.join(folder, 'workers', `${name}.cjs`);

/** What another pool exports, whichever kind of module it is. */
export async function load(name) {
  const found = await import(pathToFileURL(require.resolve(name)).href);
  return { ...found.default, ...found };
}
