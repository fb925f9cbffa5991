import { readFileSync, rmSync } from 'node:fs';

/** Where a detached worker listens, and what a host must know to be let in. */
export interface NamedSocket {
  readonly path: string;
  readonly token: string;
}

/** The file beside a socket that has its token; only its owner may read it. */
export function tokenFile(socket: string): string {
  return `${socket}.token`;
}

/** After the worker's end; not if another has taken its place. */
export function removeSocketFiles({ path, token }: NamedSocket): void {
  try {
    if (readFileSync(tokenFile(path), 'utf8') !== token) return;
    rmSync(path, { force: true });
    rmSync(tokenFile(path), { force: true });
  } catch {
    // They are gone, or no longer ours to remove.
  }
}
