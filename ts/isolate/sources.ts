import { readFileSync, realpathSync } from 'node:fs';
import * as nodeModule from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { WorkerError } from '../index.js';
import { invalid, type Settings } from './options.js';
import { Packages } from './packages/packages.js';

/** The modules of one isolate. */
export interface Sources {
  /** The module of the script. */
  readonly entry: string;
  /** The name of the module that another one imports by a specifier that is no path. Throws where there is none. */
  resolve(base: string, specifier: string): string;
  /** The source of a module, by its name: its path from the root, with slashes. Throws where there is none. */
  read(name: string): string;
}

/**
 * @param code - In place of the script's text: a file of its name need not exist.
 * @param ours - The modules of this library that errors suggest.
 * @throws `ERR_SCRIPT_NOT_FOUND`, `ERR_INVALID_OPTION`, `ERR_TYPESCRIPT_UNSUPPORTED`.
 */
export function sourcesOf(script: string, settings: Settings, code?: string, ours?: readonly string[]): Sources {
  const { root, sources, packages } = settings;
  const own = ownSources(script, root, sources, code);
  const others = new Packages(packages, own.root, ours);
  return {
    entry: own.entry,
    resolve: (base, specifier) => others.resolve(base, specifier),
    read: (name) => (Packages.has(name) ? others.read(name) : own.read(name)),
  };
}

type Own = Given | Folder | Overridden;

/** All but packages. */
function ownSources(script: string, root: Settings['root'], sources: Settings['sources'], code?: string): Own {
  if (sources !== undefined) {
    return new Given(script, code === undefined ? sources : new Map(sources).set(script, code));
  }
  const folder = new Folder(script, root, code !== undefined);
  return code === undefined ? folder : new Overridden(folder, code);
}

/** The host has given them as text. */
class Given {
  readonly root = process.cwd();

  constructor(
    readonly entry: string,
    private readonly texts: ReadonlyMap<string, string>,
  ) {
    if (texts.has(entry)) return;
    throw new WorkerError(
      'ERR_SCRIPT_NOT_FOUND',
      `cannot start a worker from "${entry}": \`driverOptions.sources\` has no module of this name.`,
    );
  }

  read(name: string): string {
    const text = this.texts.get(name);
    if (text === undefined) throw new Error(`there is no module "${name}"`);
    return isTypeScript(name) ? strip(text, name) : text;
  }
}

/** The script is a text, and what it imports is in a folder. */
class Overridden {
  readonly entry: string;
  readonly root: string;

  constructor(
    private readonly folder: Folder,
    private readonly code: string,
  ) {
    this.entry = folder.entry;
    this.root = folder.root;
  }

  read(name: string): string {
    if (name !== this.entry) return this.folder.read(name);
    return isTypeScript(name) ? strip(this.code, name) : this.code;
  }
}

/** Files below one folder, also by their real paths. */
class Folder {
  readonly entry: string;
  readonly root: string;

  /** @param isVirtual - The script, and even its folder, may be a mere name. */
  constructor(script: string, root: string | URL | undefined, isVirtual: boolean) {
    const given = root === undefined ? undefined : folderOf(root);
    const file = path.resolve(given ?? '', script.startsWith('file:') ? fileURLToPath(script) : script);
    if (isVirtual) {
      this.root = given ?? path.dirname(file);
      this.entry = this.nameOf(file, this.root);
      return;
    }
    try {
      this.root = realpathSync(given ?? path.dirname(file));
      this.entry = this.nameOf(given === undefined ? realpathSync(file) : file, given ?? this.root);
      this.locate(this.entry);
    } catch (cause) {
      if (cause instanceof WorkerError) throw cause;
      const text = `cannot start a worker from ${file}: ${(cause as Error).message}. Check \`script\` and \`driverOptions.root\`.`;
      throw new WorkerError('ERR_SCRIPT_NOT_FOUND', text, { cause });
    }
  }

  private nameOf(file: string, root: string): string {
    const name = path.relative(root, file);
    if (isInside(name)) return name.split(path.sep).join('/');
    throw new WorkerError('ERR_INVALID_OPTION', `script must be a file in the root folder ${root}, not ${file}`);
  }

  /** The real path of a module, which is below the root. */
  private locate(name: string): string {
    const file = realpathSync(path.join(this.root, name));
    if (isInside(path.relative(realpathSync(this.root), file))) return file;
    throw new Error(`the module "${name}" is a link to a file outside of the root folder`);
  }

  read(name: string): string {
    let text: string;
    try {
      text = readFileSync(this.locate(name), 'utf8');
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      // The isolate has no business with paths of this machine.
      throw new Error(code === undefined ? message : `the module "${name}" cannot be read (${code})`, { cause: error });
    }
    return isTypeScript(name) ? strip(text, name) : text;
  }
}

function folderOf(root: string | URL): string {
  try {
    return root instanceof URL || root.startsWith('file:') ? fileURLToPath(root) : path.resolve(root);
  } catch {
    throw invalid('root', 'a path or a file URL', String(root));
  }
}

function isInside(relative: string): boolean {
  return relative !== '' && relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}

function isTypeScript(name: string): boolean {
  return /\.m?ts$/.test(name);
}

type Strip = (code: string) => string;

function strip(text: string, name: string): string {
  const { stripTypeScriptTypes } = nodeModule as typeof nodeModule & { stripTypeScriptTypes?: Strip };
  if (stripTypeScriptTypes !== undefined) return stripTypeScriptTypes(text);
  throw new WorkerError(
    'ERR_TYPESCRIPT_UNSUPPORTED',
    `the module "${name}" is TypeScript, whose types this runtime cannot strip. Use Node 22.13 or later, or compile it to JavaScript.`,
  );
}
