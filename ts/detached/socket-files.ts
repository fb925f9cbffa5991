import { getNative } from '../addon/environment.js';

/** The path at which a detached worker listens, and the token that a host needs. */
export interface NamedSocket {
  readonly path: string;
  readonly token: string;
}

/** The token file beside a socket, or of a pipe; only its owner may read it. */
export function tokenFile(socket: string): string {
  return process.platform === 'win32' ? getNative().addon.NativeSocket.tokenFile(socket) : `${socket}.token`;
}

/** Removes the files after the worker's end, unless another has replaced it. */
export function removeSocketFiles({ path, token }: NamedSocket): void {
  try {
    getNative().addon.NativeSocket.remove(path, token);
  } catch {
    // They are stale, and the next worker that starts there removes them.
  }
}
