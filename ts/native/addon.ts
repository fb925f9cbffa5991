import type * as Binding from './binding.js';

import { WorkerError } from '../errors.js';

/** The addon for this platform: beside the package where it was built, else from the package of its platform. */
export function loadAddon(): typeof Binding {
  const failures: string[] = [];
  for (const triple of triples()) {
    for (const file of [`../isolated-workers.${triple}.node`, `@isolated-workers/binding-${triple}`]) {
      try {
        return require(file) as typeof Binding;
      } catch (error) {
        failures.push(`${file}: ${firstLine(error)}`);
      }
    }
  }
  throw new WorkerError(
    'ERR_UNSUPPORTED_PLATFORM',
    `isolated-workers has no native addon for ${process.platform} on ${process.arch}. Reinstall with optional ` +
      `dependencies, or run \`npm run build\` in the package. Tried:\n  ${failures.join('\n  ')}`,
  );
}

/** The names builds for this platform may have, the most likely first. */
function triples(): string[] {
  const { platform, arch } = process;
  if (platform === 'linux') return [`linux-${arch}-gnu`, `linux-${arch}-musl`];
  if (platform === 'win32') return [`win32-${arch}-msvc`, `win32-${arch}-gnu`];
  return [`${platform}-${arch}`];
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n', 1)[0] ?? '';
}
