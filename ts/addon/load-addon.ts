import type * as Binding from './binding.js';

import { type Attempt, loadFailure } from './load-failure.js';

/**
 * Loads the addon for this platform: beside the package if it was built, else from the package of the platform.
 *
 * @throws `ERR_UNSUPPORTED_PLATFORM`, `ERR_ADDONS_DISABLED`.
 */
export function loadAddon(): typeof Binding {
  const attempts: Attempt[] = [];
  for (const triple of triples()) {
    for (const file of [`../isolated-workers.${triple}.node`, `@isolated-workers/binding-${triple}`]) {
      try {
        return require(file) as typeof Binding;
      } catch (error) {
        attempts.push({ file, error });
      }
    }
  }
  throw loadFailure(attempts);
}

/** The possible names of builds for this platform, the most likely first. */
function triples(): string[] {
  const { platform, arch } = process;
  if (platform === 'linux') return [`linux-${arch}-gnu`, `linux-${arch}-musl`];
  if (platform === 'win32') return [`win32-${arch}-msvc`, `win32-${arch}-gnu`];
  return [`${platform}-${arch}`];
}
