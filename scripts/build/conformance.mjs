// The conformance suite: bundles of its own in dist/conformance/, which load the main bundle and are no part of it.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import ts from 'typescript';
import { root } from '../command.mjs';
import { esModule } from './entries.mjs';

const source = 'ts/conformance';
const target = 'dist/conformance';
const main = '../index.js';

/** All files of the suite, as a list of name and text. */
export async function conformanceFiles() {
  const [suite, names] = await Promise.all([bundle('index', 'cjs'), exportedNames()]);
  return [
    [`${target}/index.cjs`, suite.text],
    [`${target}/index.mjs`, esModule('./index.cjs', names)],
    [`${target}/index.d.mts`, `export * from './index.js';\n`],
    // The script of workers has the handlers, not the cases: it starts faster.
    [`${target}/worker.mjs`, (await bundle('worker', 'esm')).text],
    [`${target}/full-worker.mjs`, (await bundle('full-worker', 'esm')).text],
    ...declarations(),
  ];
}

async function exportedNames() {
  const { outputs } = (await bundle('index', 'esm')).metafile;
  return Object.values(outputs)[0].exports.toSorted();
}

async function bundle(name, format) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [`${source}/${name}.ts`],
    outfile: `${target}/${name}.${format === 'cjs' ? 'cjs' : 'mjs'}`,
    bundle: true,
    format,
    platform: 'node',
    target: 'node20',
    charset: 'utf8',
    plugins: [mainBundle(format === 'cjs' ? '../index.cjs' : '../index.mjs')],
    write: false,
    metafile: true,
    logLevel: 'warning',
  });
  return { text: outputFiles[0].text, metafile };
}

/** Leaves the package's own API outside, and everything else of ts/ out: the suite uses only what is public. */
function mainBundle(file) {
  return {
    name: 'main bundle',
    setup(esbuild) {
      esbuild.onResolve({ filter: /^\.\.?\// }, ({ importer, path: specifier }) => {
        const resolved = path.posix.join(path.posix.dirname(fromRoot(importer)), specifier);
        if (resolved === 'ts/index.js') return { path: file, external: true };
        if (resolved.startsWith(`${source}/`)) return undefined;
        return { errors: [{ text: `${source} may import what ts/index.ts exports, and not ${resolved}` }] };
      });
    },
  };
}

function fromRoot(file) {
  return path.relative(root, file).replaceAll(path.sep, '/');
}

/** The declarations of the entry and of what they import, file by file: none of them is declared in index.d.ts. */
function declarations() {
  const files = new Map();
  const add = (name) => {
    if (files.has(name)) return;
    const text = declare(`${source}/${name}.ts`);
    files.set(name, text.replaceAll(`'${main}'`, `'../../index.js'`));
    for (const [, imported] of text.matchAll(/ from '\.\/([\w-]+)\.js'/g)) add(imported);
  };
  add('index');
  return [...files].map(([name, text]) => [`${target}/${name}.d.ts`, text]);
}

function declare(file) {
  const { outputText, diagnostics } = ts.transpileDeclaration(readFileSync(path.join(root, file), 'utf8'), {
    fileName: file,
    reportDiagnostics: true,
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, declaration: true, strict: true },
  });
  for (const { messageText } of diagnostics) {
    throw new Error(`${file}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`);
  }
  return outputText;
}
