// Whether packages can be installed here.
import { spawnSync } from 'node:child_process';

/** @returns Why they cannot; `undefined`: the registry answers. */
export function noRegistry() {
  const args = ['view', 'jest-worker@30', 'version', '--fetch-retries=0', '--fetch-timeout=10000', '--loglevel=silent'];
  const { status } = spawnSync('npm', args, { stdio: 'ignore', timeout: 30_000, shell: process.platform === 'win32' });
  return status === 0 ? undefined : 'the npm registry does not answer, and the packages come from it';
}
