import { fstatSync } from 'node:fs';

/**
 * Device and inode of the socket behind a descriptor, which are equal for all its holders and unique; `undefined` if
 * the descriptor is closed or is something else.
 */
export function describeSocket(fd: number): string | undefined {
  try {
    const stat = fstatSync(fd, { bigint: true });
    return stat.isSocket() ? `${stat.dev}:${stat.ino}` : undefined;
  } catch {
    return undefined;
  }
}
