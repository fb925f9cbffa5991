import { readdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';

import { invalidOption } from '../errors/worker-error.js';
import { tokenFile } from './socket-files.js';

// Windows: detached workers listen at named pipes, which have no files but those of their tokens.

/** Where pipes have their names. */
const FOLDER = '\\\\.\\pipe\\';
/** The longest name of a pipe, its folder included. */
const LONGEST_NAME = 256;

/** The pipe with this id, among those of all users. */
export function pipeFor(id: string): string {
  return `${prefix()}${id}`;
}

/** The ids of this user's workers, dead ones included. */
export function pipeIds(): string[] {
  const folder = path.dirname(tokenFile(pipeFor('any')));
  const beginning = prefix().slice(FOLDER.length).toLowerCase();
  return filesOf(folder)
    .filter((file) => file.endsWith('.token'))
    .map((file) => decodeURIComponent(file.slice(0, -'.token'.length)))
    .filter((name) => name.startsWith(beginning))
    .map((name) => name.slice(beginning.length));
}

/** The system does not tell upper from lower case. */
export function checkedPipe(pipe: string, what: string): string {
  const name = /^\\\\[.?]\\pipe\\(.+)$/i.exec(pipe)?.[1];
  if (name === undefined) throw invalidOption(what, `the path of a named pipe, which begins with ${FOLDER}`, pipe);
  const found = `${FOLDER}${name}`;
  if (found.length <= LONGEST_NAME) return found;
  const text = `short enough for a pipe: ${found} has ${found.length} characters, ${LONGEST_NAME} are possible`;
  throw invalidOption(what, text, found.length);
}

function prefix(): string {
  return `${FOLDER}isolated-workers-${encodeURIComponent(userInfo().username)}-`;
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // No worker has been there yet.
    return [];
  }
}
