// The driver for NATS: dist/nats/index.cjs for hosts and serving processes, and dist/nats/worker.cjs, which workers load before their
// script. They load the main bundle and the package `@nats-io/transport-node`, and are no part of either.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import ts from 'typescript';
import { root } from '../command.mjs';
import { esModule } from './entries.mjs';

const source = 'ts/nats';
const target = 'dist/nats';
/** Of the rest of ts/, only a file that keeps no state and imports nothing. */
const shared = ['ts/util/primordials.js'];
/** How the two kinds of module end the names of their declarations, and what those import. */
const kinds = [
  { types: 'd.ts', imported: 'js' },
  { types: 'd.mts', imported: 'mjs' },
];

/** All files of the driver, as a list of name and text. */
export async function natsFiles() {
  const [driver, worker, { metafile }] = await Promise.all([
    bundle('index', 'cjs'),
    bundle('worker', 'cjs'),
    bundle('index', 'esm'),
  ]);
  const names = Object.values(metafile.outputs)[0].exports.toSorted();
  return [
    [`${target}/index.cjs`, driver.text],
    [`${target}/index.mjs`, esModule('./index.cjs', names)],
    [`${target}/worker.cjs`, worker.text],
    ...declarations(),
  ];
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
    // Also in CommonJS: the package is loaded when the first worker needs it.
    supported: { 'dynamic-import': true },
    external: ['@nats-io/transport-node'],
    plugins: [mainBundle('../index.cjs')],
    write: false,
    metafile: true,
    logLevel: 'warning',
  });
  return { text: outputFiles[0].text, metafile };
}

/** Leaves the package's own API outside, and everything else of ts/ out: the driver uses only what is public. */
function mainBundle(file) {
  return {
    name: 'main bundle',
    setup(esbuild) {
      esbuild.onResolve({ filter: /^\.\.?\// }, ({ importer, path: specifier }) => {
        const resolved = resolve(path.relative(root, importer).replaceAll(path.sep, '/'), specifier);
        if (resolved === 'ts/index.js') return { path: file, external: true };
        if (resolved.startsWith(`${source}/`) || shared.includes(resolved)) return undefined;
        return { errors: [{ text: `${source} may import what ts/index.ts exports, and not ${resolved}` }] };
      });
    },
  };
}

/** The declarations of the entry and of what they import, file by file, for both kinds of module. */
function declarations() {
  const files = new Map();
  const add = (file) => {
    const text = declare(`${file}.ts`);
    files.set(file, text);
    for (const [, specifier] of text.matchAll(/ from '(\.[^']+)\.js'/g)) {
      const imported = resolve(file, specifier);
      if (imported.startsWith(`${source}/`) && !files.has(imported)) add(imported);
    }
  };
  add(`${source}/index`);
  return kinds.flatMap(({ types, imported }) =>
    [...files].map(([file, text]) => [
      `${target}${file.slice(source.length)}.${types}`,
      text.replaceAll(/ from '(\.[^']+)\.js'/g, (_, specifier) => {
        const isMain = resolve(file, specifier) === 'ts/index';
        const up = '../'.repeat(file.split('/').length - 1);
        return isMain ? ` from '${up}index.js'` : ` from '${specifier}.${imported}'`;
      }),
    ]),
  );
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

function resolve(file, specifier) {
  return path.posix.join(path.posix.dirname(file), specifier);
}
