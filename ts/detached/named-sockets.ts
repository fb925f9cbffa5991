import { randomBytes } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { fromNative } from '../errors/from-native.js';
import { invalidOption, WorkerError } from '../errors/worker-error.js';
import type { NativeSocket } from '../addon/binding.js';
import { getNative } from '../addon/environment.js';
import { checkedPipe, pipeFor, pipeIds } from './named-pipes.js';
import { type NamedSocket, tokenFile } from './socket-files.js';

const isWindows = process.platform === 'win32';
/** The longest path of a socket in bytes; a zero ends it. */
const LONGEST_PATH = process.platform === 'linux' ? 107 : 103;
const TOKEN_BYTES = 32;

/** The path for a worker of this name, or for one without a name. */
export function socketPathFor(name: string | undefined): string {
  const id = name === undefined ? randomBytes(8).toString('hex') : `name-${encodeURIComponent(name)}`;
  const socket = isWindows ? pipeFor(id) : path.join(privateDirectory(), `${id}.sock`);
  return checkedPath(socket, name === undefined ? 'the directory' : 'name');
}

/** The sockets in the directory of this user, with the name or, for a worker without one, the path of each. */
export function detachedSockets(): { readonly name: string; readonly path: string }[] {
  return socketIds().map(([id, socket]) => {
    const [, name] = /^name-(.*)$/.exec(id) ?? [];
    return { name: name === undefined ? socket : decodeURIComponent(name), path: socket };
  });
}

function socketIds(): [id: string, socket: string][] {
  if (isWindows) return pipeIds().map((id) => [id, pipeFor(id)]);
  const directory = privateDirectory();
  const files = readdirSync(directory).filter((file) => file.endsWith('.sock'));
  return files.map((file) => [file.slice(0, -'.sock'.length), path.join(directory, file)]);
}

export function checkedPath(socket: unknown, what = 'socketPath'): string {
  if (typeof socket !== 'string' || socket === '' || socket.includes('\0')) throw invalidOption(what, 'a path', socket);
  if (isWindows) return checkedPipe(socket, what);
  const file = path.resolve(socket);
  const size = Buffer.byteLength(file);
  if (size > LONGEST_PATH) {
    throw invalidOption(
      what,
      `short enough for a socket: ${file} has ${size} bytes, ${LONGEST_PATH} are possible`,
      size,
    );
  }
  return file;
}

/** The directory of this user's workers; no other user may enter it. */
function privateDirectory(): string {
  const user = process.geteuid?.() ?? 0;
  const directory = path.join(process.env['XDG_RUNTIME_DIR'] || tmpdir(), `isolated-workers-${user}`);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    // Not the target of a link: another user may have made it.
    const found = lstatSync(directory);
    if (found.isDirectory() && found.uid === user) {
      if ((found.mode & 0o077) !== 0) chmodSync(directory, 0o700);
      return directory;
    }
  } catch (error) {
    const reason = `${directory} cannot be used for the sockets of detached workers: ${(error as Error).message}`;
    throw new WorkerError('ERR_SYSTEM', reason, { cause: error });
  }
  throw new WorkerError(
    'ERR_SYSTEM',
    `${directory} is not a directory of this user. Remove it, or set \`socketPath\`.`,
  );
}

/** Creates a socket for a worker that is about to start. Removes the files of dead workers, but not of live ones. */
export function claimSocket(socket: string): [NamedSocket, NativeSocket] {
  const token = randomBytes(TOKEN_BYTES).toString('hex');
  const sweep = isWindows || path.basename(path.dirname(socket)).startsWith('isolated-workers-');
  try {
    return [{ path: socket, token }, new (getNative().addon.NativeSocket)(socket, token, sweep)];
  } catch (error) {
    throw fromNative(error);
  }
}

/** The token of the worker that listens at `socket`. */
export function readToken(socket: string): string {
  try {
    const owner = lstatSync(tokenFile(socket)).uid;
    if (process.geteuid !== undefined && owner !== process.geteuid()) {
      throw new WorkerError(
        'ERR_ATTACH_REFUSED',
        `cannot attach to the worker at ${socket}: it belongs to the user with the id ${owner}`,
      );
    }
    return readFileSync(tokenFile(socket), 'utf8');
  } catch (error) {
    if (error instanceof WorkerError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const isRefused = code === 'EACCES' || code === 'EPERM';
    const reason = code === 'ENOENT' ? 'there is none' : String(error);
    throw new WorkerError(
      isRefused ? 'ERR_ATTACH_REFUSED' : 'ERR_NO_SUCH_WORKER',
      `cannot attach to the worker at ${socket}: ${reason}`,
      { cause: error },
    );
  }
}
