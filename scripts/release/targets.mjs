// The platforms that the package is published for, as package.json lists them for napi-rs.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseTriple } from '@napi-rs/cli';
import { root } from '../command.mjs';

/** package.json as it is now. */
export function readManifest() {
  return JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
}

/**
 * Each platform: `folder` below npm/, the name of its package, its addon and that of isolates, and what npm compares with the machine.
 *
 * @returns {{ triple: string; folder: string; packageName: string; addon: string; addons: string[]; os: string; cpu: string;
 *   libc?: string }[]}
 */
export function targets(manifest = readManifest()) {
  const { binaryName, packageName, targets: triples } = manifest.napi;
  return triples.map((triple) => {
    const { platformArchABI, platform, arch, abi } = parseTriple(triple);
    const libc = { gnu: 'glibc', musl: 'musl' }[abi];
    return {
      triple,
      folder: platformArchABI,
      packageName: `${packageName}-${platformArchABI}`,
      addon: `${binaryName}.${platformArchABI}.node`,
      addons: [binaryName, `${binaryName}-isolate`].map((name) => `${name}.${platformArchABI}.node`),
      os: platform,
      cpu: arch,
      ...(platform === 'linux' && { libc }),
    };
  });
}
