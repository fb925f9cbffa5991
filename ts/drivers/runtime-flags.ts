import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** How a worker inherits a flag of its host, and the form of its value. */
interface Flag {
  /** `script`: it concerns the host's main script; no worker inherits it. `file`: its value is a file or folder. */
  readonly concerns?: 'script' | 'port' | 'module' | 'file' | 'files';
  /**
   * It concerns one JavaScript thread: a thread accepts it. The others concern the process, and a thread refuses them.
   */
  readonly ofThread?: true;
}

const script: Flag = { concerns: 'script' };
const port: Flag = { concerns: 'port' };
const file: Flag = { concerns: 'file' };
/** Several values, with commas between them. */
const files: Flag = { concerns: 'files' };
const ofThread: Flag = { ofThread: true };
const module: Flag = { concerns: 'module', ofThread: true };

/** Flags that are not simply inherited. A trailing `*` matches any suffix. */
const table: Readonly<Record<string, Flag>> = {
  '-e': script,
  '--eval': script,
  '-p': script,
  '--print': script,
  '-pe': script,
  '-i': script,
  '--interactive': script,
  '-c': script,
  '--check': script,
  '--input-type': script,
  '--entry-url': script,
  '--run': script,
  '--prof-process': script,
  '--build-snapshot': script,
  '--build-snapshot-config': script,
  '--build-sea': script,
  '--experimental-sea-config': script,
  '--experimental-default-config-file': script,
  '--experimental-test-coverage': script,
  '--experimental-test-isolation': script,
  '--test': script,
  '--test-*': script,
  '--watch': script,
  '--watch-*': script,
  // The arguments of the worker's script follow its name.
  '--': script,
  // The script comes from standard input.
  '-': script,

  '--inspect': port,
  '--inspect-brk': port,
  '--inspect-wait': port,
  '--inspect-port': port,
  '--debug-port': port,

  '-r': module,
  '--require': module,
  '--import': module,
  '--loader': module,
  '--experimental-loader': module,

  '--env-file': file,
  '--env-file-if-exists': file,
  '--experimental-config-file': file,
  '--openssl-config': file,
  '--icu-data-dir': file,
  '--snapshot-blob': file,
  '--diagnostic-dir': file,
  '--report-dir': file,
  '--report-directory': file,
  '--experimental-policy': file,
  '--redirect-warnings': file,
  '--trace-event-file-pattern': file,
  '--cpu-prof-dir': file,
  '--heap-prof-dir': file,
  '--tls-keylog': file,
  '--localstorage-file': file,
  '--allow-fs-read': files,
  '--allow-fs-write': files,

  '-C': ofThread,
  '--conditions': ofThread,
  '--warnings': ofThread,
  '--no-warnings': ofThread,
  '--deprecation': ofThread,
  '--no-deprecation': ofThread,
  '--trace-warnings': ofThread,
  '--trace-deprecation': ofThread,
  '--trace-uncaught': ofThread,
  '--enable-source-maps': ofThread,
  '--experimental-strip-types': ofThread,
  '--experimental-transform-types': ofThread,
  '--preserve-symlinks': ofThread,
  '--preserve-symlinks-main': ofThread,
};

/** One flag with its values, as written. */
export class RuntimeFlag {
  private readonly kind: Flag;

  private constructor(
    /** The flag as written, without its value. */
    private readonly name: string,
    /** Values after `=`, or as separate words. */
    private readonly values: readonly string[],
    private readonly isJoined: boolean,
  ) {
    this.kind = kindOf(normalize(name));
  }

  /**
   * The arguments of a process, except its script and the script's arguments. Every word that is not a flag is the
   * value of the flag before it: Node accepts no value that begins with `-`.
   */
  static parse(execArgv: readonly string[]): RuntimeFlag[] {
    const flags: RuntimeFlag[] = [];
    for (let index = 0; index < execArgv.length;) {
      const word = execArgv[index++] as string;
      const equals = word.startsWith('--') ? word.indexOf('=') : -1;
      const values: string[] = equals < 0 ? [] : [word.slice(equals + 1)];
      while (index < execArgv.length && !(execArgv[index] as string).startsWith('-'))
        values.push(execArgv[index++] as string);
      flags.push(new RuntimeFlag(equals < 0 ? word : word.slice(0, equals), values, equals >= 0));
    }
    return flags;
  }

  /** The flag as written. */
  get words(): string[] {
    const { name, values, isJoined } = this;
    return isJoined ? [`${name}=${values[0]}`, ...values.slice(1)] : [name, ...values];
  }

  /**
   * The flag for another process: with a free port, and with files resolved for any folder.
   *
   * @param from - The folder against which they are resolved now; `undefined`: it does not exist.
   * @param to - The other process's.
   */
  inherited(from: string | undefined, to = from): string[] {
    const { concerns } = this.kind;
    if (concerns === 'script') return [];
    if (concerns === 'port') return [`${this.name}=${freePort(this.values[0])}`];
    if (concerns === undefined || from === undefined) return this.words;
    const values = this.values.map((value) => absolute(this.kind, this.isRequired, value, from, to));
    return new RuntimeFlag(this.name, values, this.isJoined).words;
  }

  /** One of its values is a file relative to the current folder. */
  get isRelative(): boolean {
    const { concerns } = this.kind;
    if (concerns === 'module') return this.values.some(isRelativeModule);
    return (concerns === 'file' || concerns === 'files') && this.values.some((value) => !path.isAbsolute(value));
  }

  get isOfThread(): boolean {
    return this.kind.ofThread === true;
  }

  get isOfScript(): boolean {
    return this.kind.concerns === 'script';
  }

  get isInputType(): boolean {
    return normalize(this.name) === '--input-type';
  }

  private get isRequired(): boolean {
    return this.name === '-r' || this.name === '--require';
  }
}

function kindOf(name: string): Flag {
  if (Object.hasOwn(table, name)) return table[name] as Flag;
  if (name.startsWith('--test-')) return script;
  return name.startsWith('--watch-') ? script : {};
}

/** Node treats underscores as hyphens. */
function normalize(name: string): string {
  return name.startsWith('--') ? name.replace(/_/g, '-') : name;
}

/** The address stays, so a remote inspector still works. */
function freePort(value = ''): string {
  const address = /^(.*):\d*$/.exec(value)?.[1] ?? (/^\d*$/.test(value) ? '' : value);
  return address === '' ? '0' : `${address}:0`;
}

function absolute({ concerns }: Flag, isRequired: boolean, value: string, from: string, to = from): string {
  switch (concerns) {
    case 'module':
      return absoluteModule(value, from, to, isRequired);
    case 'files':
      return value
        .split(',')
        .map((each) => (each === '*' || each === '' ? each : path.resolve(from, each)))
        .join(',');
    default:
      return path.resolve(from, value);
  }
}

function isRelativeModule(value: string): boolean {
  return /^\.\.?([/\\]|$)/.test(value);
}

/** A package that both resolve stays a name. */
function absoluteModule(value: string, from: string, to: string, isRequired: boolean): string {
  if (/^[a-z][a-z\d+.-]+:/i.test(value) || path.isAbsolute(value)) return value;
  const isRelative = isRelativeModule(value);
  if (!isRelative && (from === to || find(value, to) !== undefined)) return value;
  const found = isRelative ? path.resolve(from, value) : find(value, from);
  if (found === undefined) return value;
  return isRequired ? found : pathToFileURL(found).href;
}

function find(name: string, folder: string): string | undefined {
  try {
    return createRequire(path.join(folder, 'index.js')).resolve(name);
  } catch {
    return undefined;
  }
}
