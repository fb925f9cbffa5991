import Module from 'node:module';
import path from 'node:path';
import vm from 'node:vm';

import { nextTick } from '../../util/primordials.js';
import type { StartupData } from '../frames.js';

type Internals = typeof Module & {
  runMain?: () => void;
  _nodeModulePaths?: (folder: string) => string[];
};

const internals = Module as Internals;
const isNode = process.versions['bun'] === undefined && process.versions['deno'] === undefined;
/** The exit code of Node for a program whose top level awaits a promise for ever. */
const NEVER_SETTLED = 13;
const SOURCE_NAME = '[worker eval]';
/** Syntax that only ES modules have: Node of 22.7 and later runs such text as one. */
const MODULE_SYNTAX = /Cannot use import statement outside a module|Unexpected token 'export'|await is only valid/;

/** Runs the user's script as the main program of this process. */
export function runScript(script: StartupData['script']): void {
  if ('source' in script) return runSource(script.source);
  if ('url' in script) return importAsMain(script.url);
  // The arguments of the process name it: Node decides what kind of module it is.
  if (isNode && internals.runMain !== undefined) return internals.runMain();
  importAsMain(script.file);
}

function importAsMain(specifier: string): void {
  // As Node does for a module that waits for what never comes.
  const onExit = (): void => {
    process.exitCode ??= NEVER_SETTLED;
  };
  process.prependOnceListener('exit', onExit);
  import(specifier)
    .finally(() => process.off('exit', onExit))
    .catch((error: unknown) =>
      nextTick(() => {
        throw error;
      }),
    );
}

function runSource(source: string): void {
  const type = inputType();
  if (type === 'module') return importAsMain(urlOf(source));
  if (type === 'module-typescript') return importAsMain(urlOf(stripped(source)));
  addScope();
  if (type === 'commonjs-typescript') return void compiled(stripped(source)).runInThisContext();
  runUntyped(source, (error) => {
    // Node tries it as TypeScript then, which JavaScript is, too; its error is that of the JavaScript.
    const script = type === undefined && canStrip() ? strippedOr(source, error) : undefined;
    if (script === undefined) throw error;
    runUntyped(script, (other) => {
      throw other;
    });
  });
}

/** As Node does: names of the program, which are no members of the global object that it enumerates. */
function addScope(): void {
  const folder = process.cwd();
  const module = new Module(SOURCE_NAME);
  module.filename = path.join(folder, SOURCE_NAME);
  module.paths = internals['_nodeModulePaths']?.(folder) ?? [];
  const require = isNode ? module.require.bind(module) : Module.createRequire(module.filename);
  const scope = { require, module, exports: module.exports as unknown, __filename: SOURCE_NAME, __dirname: '.' };
  for (const [name, value] of Object.entries(scope)) {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
  }
}

/** As CommonJS, or as an ES module where its syntax says so. */
function runUntyped(source: string, onSyntaxError: (error: SyntaxError) => void): void {
  let script: vm.Script;
  try {
    script = compiled(source);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return MODULE_SYNTAX.test(error.message) ? importUntyped(source) : onSyntaxError(error);
  }
  script.runInThisContext();
}

function importUntyped(source: string): void {
  importAsMain(urlOf(canStrip() ? (strippedOr(source, undefined) ?? source) : source));
}

function inputType(): string | undefined {
  return process.execArgv.findLast((flag) => flag.startsWith('--input-type='))?.slice('--input-type='.length);
}

type Strip = (code: string, options: object) => string;

/** Node of 22.13 and later, unless `--no-strip-types` forbids it. */
function canStrip(): boolean {
  const { features } = process as unknown as { features: { typescript?: unknown } };
  return Boolean(features.typescript) && 'stripTypeScriptTypes' in Module;
}

function stripped(source: string): string {
  const { stripTypeScriptTypes } = Module as unknown as { stripTypeScriptTypes: Strip };
  let code = source;
  withoutWarning(() => (code = stripTypeScriptTypes(source, { mode: 'strip' })));
  return code;
}

/** `undefined`: it is no TypeScript, either. */
function strippedOr(source: string, error: SyntaxError | undefined): string | undefined {
  try {
    return stripped(source);
  } catch {
    return error === undefined ? source : undefined;
  }
}

function urlOf(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}

function compiled(source: string): vm.Script {
  const importing = { importModuleDynamically: vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER };
  if (/\bimport\s*\(/.test(source))
    withoutWarning(() => new vm.Script(`import('node:module')`, importing).runInThisContext());
  return new vm.Script(source, { filename: SOURCE_NAME, ...importing });
}

/** Node warns once of the only way to let text import from the current folder; its own workers do that without a warning. */
function withoutWarning(act: () => void): void {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    act();
  } finally {
    process.emitWarning = emitWarning;
  }
}
