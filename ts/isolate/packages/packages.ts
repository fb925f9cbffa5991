import { existsSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';

import { exportOf, importOf, type Manifest } from './manifest.js';

/** The names of modules of packages begin with this; no name of a module of the root does. */
const FOLDER = '/node_modules/';
const LIBRARY = 'isolated-workers';
/** The one module of the library that is read like a package's. */
const RUNNER = `${LIBRARY}/effect/runner`;
const RUNNER_FILE = 'dist/effect/runner.mjs';

/** A name of a package, and the rest of a specifier. */
const SPECIFIER = /^((?:@[^/\\%]+\/)?[^/\\%@.][^/\\%]*)(\/.*)?$/;
/** The name of a module: that of its package, and its file. */
const MODULE = /^\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(.+)$/;

/** A package whose modules the isolate imports. */
interface Package {
  readonly name: string;
  /** Its real path. */
  readonly folder: string;
  readonly manifest: Manifest;
}

/** Where a module looks for packages. */
interface Importer {
  readonly folder: string;
  /** `undefined`: a module of the root, or of the library. */
  readonly package: Package | undefined;
}

/** The packages of one isolate, in folders `node_modules` as Node finds them. */
export class Packages {
  /** By the names that their modules have. Two versions of one package have two. */
  private readonly known = new Map<string, Package>();

  /**
   * @param allowed - Those that modules of the root may import. The packages among them may import others.
   * @param root - Where to look for them first.
   * @param ours - The modules of this library that errors suggest.
   */
  constructor(
    private readonly allowed: ReadonlySet<string>,
    private readonly root: string,
    private readonly ours: readonly string[] = [LIBRARY, RUNNER],
  ) {}

  /** Whether this is the name of a module of a package. */
  static has(name: string): boolean {
    return name.startsWith(FOLDER);
  }

  /** The name of the module that another one imports by a specifier that is no path. Throws where there is none. */
  resolve(base: string, specifier: string): string {
    const importer = this.importerOf(base);
    const own = importer.package;
    if (own === undefined || !specifier.startsWith('#')) return this.find(importer, specifier);
    const target = importOf(own.manifest, specifier);
    if (target === undefined) throw new Error(`the package "${own.name}" has no import "${specifier}"`);
    return target.startsWith('./') ? this.nameOf(own, target) : this.find(importer, target);
  }

  private importerOf(base: string): Importer {
    const [, name = '', file = ''] = MODULE.exec(base) ?? [];
    const own = this.known.get(name);
    if (own === undefined) return { folder: this.root, package: undefined };
    return { folder: path.dirname(path.join(own.folder, file)), package: own.name === LIBRARY ? undefined : own };
  }

  private find(importer: Importer, specifier: string): string {
    if (specifier === RUNNER) return this.nameOf(library(), RUNNER_FILE);
    const [, name = '', rest = ''] = SPECIFIER.exec(specifier) ?? [];
    const isAllowed = importer.package === undefined ? this.allowed.has(name) : !name.includes(':');
    if (name === '' || name === LIBRARY || !isAllowed) throw new Error(this.refusal());
    const found = importer.package?.name === name ? importer.package : this.search(importer.folder, name);
    const file = exportOf(found.manifest, `.${rest}`);
    if (file === undefined) throw new Error(`the package "${name}" does not export ".${rest}"`);
    return this.nameOf(found, file);
  }

  private refusal(): string {
    const listed = [...this.allowed].map((name) => `"${name}"`).join(', ');
    const ours = this.ours.map((name) => `"${name}"`).join(', ');
    const what = listed === '' ? 'no packages' : `no packages but ${listed}`;
    return (
      `an isolate has ${what} and no modules of Node's. Import ${ours}, a file by its relative path, or a package ` +
      'that `driverOptions.packages` lists'
    );
  }

  /** Looks in the folders `node_modules` of a folder and of those around it. */
  private search(from: string, name: string): Package {
    for (let folder = from; ; folder = path.dirname(folder)) {
      const candidate = path.join(folder, 'node_modules', name);
      if (existsSync(path.join(candidate, 'package.json'))) return packageIn(realpathSync(candidate), name);
      if (folder === path.dirname(folder)) throw new Error(`the package "${name}" is not installed`);
    }
  }

  /** The name that a file of a package has as a module. */
  private nameOf(found: Package, file: string): string {
    let name = found.name;
    for (let count = 2; this.known.has(name) && this.known.get(name)?.folder !== found.folder; count++) {
      name = `${found.name}~${count}`;
    }
    if (!this.known.has(name)) this.known.set(name, found);
    return FOLDER + path.posix.join(name, path.posix.join('/', file));
  }

  /** The source of a module. Throws where there is none. */
  read(module: string): string {
    const [, name = '', file = ''] = MODULE.exec(module) ?? [];
    const found = this.known.get(name);
    if (found === undefined) throw new Error(`there is no module "${module}"`);
    let real: string;
    let text: string;
    try {
      real = realpathSync(path.join(found.folder, file));
      text = readFileSync(real, 'utf8');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new Error(`the module "${module}" cannot be read (${code})`, { cause: error });
    }
    if (!isInside(found.folder, real))
      throw new Error(`the module "${module}" is a link to a file outside of its package`);
    if (isEsModule(real, found)) return text;
    throw new Error(`the module "${module}" is no ES module, and an isolate has no others. Bundle it with the script`);
  }
}

function library(): Package {
  // The driver is in dist/isolate/.
  return { name: LIBRARY, folder: realpathSync(path.join(__dirname, '../..')), manifest: {} };
}

function packageIn(folder: string, name: string): Package {
  return { name, folder, manifest: manifestIn(folder) };
}

function manifestIn(folder: string): Manifest {
  return JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Manifest;
}

function isInside(folder: string, file: string): boolean {
  return file.startsWith(folder + path.sep);
}

/** The nearest package.json says what a file `.js` is. */
function isEsModule(file: string, { folder, manifest }: Package): boolean {
  const extension = path.extname(file);
  if (extension !== '.js') return extension === '.mjs';
  for (let parent = path.dirname(file); parent !== folder; parent = path.dirname(parent)) {
    if (existsSync(path.join(parent, 'package.json'))) return manifestIn(parent).type === 'module';
  }
  return manifest.type === 'module';
}
