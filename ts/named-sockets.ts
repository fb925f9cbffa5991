import { randomBytes } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { invalidOption, WorkerError } from './errors.js';
import { getNative } from './native/environment.js';
import { removeSocketFiles, tokenFile } from './socket-files.js';

/** Bytes of a path that a socket can have; the end of it is a zero. */
const LONGEST_PATH = process.platform === 'linux' ? 107 : 103;
const TOKEN_BYTES = 32;

/** Where a detached worker listens, and what a host must know to be let in. */
export interface NamedSocket {
  readonly path: string;
  readonly token: string;
}

/** The path for a worker of this name, or for one without a name. */
export function socketPathFor(name: string | undefined): string {
  const id = name === undefined ? randomBytes(8).toString('hex') : `name-${encodeURIComponent(name)}`;
  return checkedPath(path.join(privateDirectory(), `${id}.sock`), name === undefined ? 'the directory' : 'name');
}

export function checkedPath(socket: unknown, what = 'socketPath'): string {
  if (typeof socket !== 'string' || socket === '') throw invalidOption(what, 'a path', socket);
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

/** The directory of this user's workers; nobody else may enter it. */
function privateDirectory(): string {
  const base = process.env['XDG_RUNTIME_DIR'] || tmpdir();
  const directory = path.join(base, `isolated-workers-${process.getuid?.() ?? 0}`);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { uid, mode } = lstatSync(directory);
  if (!lstatSync(directory).isDirectory() || (process.getuid !== undefined && uid !== process.getuid())) {
    throw new WorkerError('ERR_SYSTEM', `${directory} belongs to somebody else. Give a \`socketPath\` of your own.`);
  }
  if ((mode & 0o077) !== 0) chmodSync(directory, 0o700);
  return directory;
}

/** Makes a token for a worker that will listen at `socket`. What dead workers left is removed, what live ones have is not. */
export function prepareSocket(socket: string): NamedSocket {
  for (const name of socketsIn(path.dirname(socket))) removeIfStale(name);
  const { addon } = getNative();
  try {
    lstatSync(socket);
    if (!addon.NativeAttachment.isStale(socket)) {
      throw new WorkerError(
        'ERR_WORKER_OCCUPIED',
        `a live worker listens at ${socket} already. Attach to it with attachWorker(), or choose another name.`,
      );
    }
  } catch (error) {
    if (error instanceof WorkerError) throw error;
    // There is nothing yet.
  }
  removeSocketFiles(socket);
  const token = randomBytes(TOKEN_BYTES).toString('hex');
  writeFileSync(tokenFile(socket), token, { mode: 0o600, flag: 'wx' });
  return { path: socket, token };
}

function socketsIn(directory: string): string[] {
  if (!path.basename(directory).startsWith('isolated-workers-')) return [];
  return readdirSync(directory)
    .filter((name) => name.endsWith('.sock'))
    .map((name) => path.join(directory, name));
}

function removeIfStale(socket: string): void {
  if (getNative().addon.NativeAttachment.isStale(socket)) removeSocketFiles(socket);
}

/** The token of the worker that listens at `socket`. */
export function readToken(socket: string): string {
  try {
    return readFileSync(tokenFile(socket), 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is none' : String(error);
    throw new WorkerError('ERR_NO_SUCH_WORKER', `cannot attach to the worker at ${socket}: ${reason}`, {
      cause: error,
    });
  }
}
