import { rmSync } from 'node:fs';

/** The file beside a socket that has its token; only its owner may read it. */
export function tokenFile(socket: string): string {
  return `${socket}.token`;
}

/** After the worker's end. */
export function removeSocketFiles(socket: string): void {
  rmSync(socket, { force: true });
  rmSync(tokenFile(socket), { force: true });
}
