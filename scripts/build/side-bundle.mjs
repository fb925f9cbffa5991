// What the bundles beside the main one have in common: each uses only the package's own API, and has declarations of its own.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { root } from '../command.mjs';

/** Leaves the package's own API outside, as `file`, and refuses everything else of ts/ but `source` and the files in `shared`. */
export function mainBundle(file, { source, shared = [] }) {
  return {
    name: 'main bundle',
    setup(esbuild) {
      esbuild.onResolve({ filter: /^\.\.?\// }, ({ importer, path: specifier }) => {
        const resolved = resolve(path.relative(root, importer).replaceAll(path.sep, '/'), specifier);
        if (resolved === 'ts/index.js') return { path: file, external: true };
        // A file of the main bundle, which is loaded where it is first used.
        if (specifier.endsWith('.cjs')) return { path: specifier, external: true };
        if (resolved.startsWith(`${source}/`) || shared.includes(resolved)) return undefined;
        return { errors: [{ text: `${source} may import what ts/index.ts exports, and not ${resolved}` }] };
      });
    },
  };
}

/** The declarations of one file. */
export function declare(file) {
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

/** The file that a relative specifier of another file names. */
export function resolve(file, specifier) {
  return path.posix.join(path.posix.dirname(file), specifier);
}

/** How the two kinds of module end the names of their declarations, and what those import. */
const kinds = [
  { types: 'd.ts', imported: 'js' },
  { types: 'd.mts', imported: 'mjs' },
];

/** The declarations of the entries of a folder of ts/ and of what they import there, by the names of the files. */
export function declaredBy(source, entries) {
  const files = new Map();
  const add = (file) => {
    const text = declare(`${file}.ts`);
    files.set(file, text);
    for (const [, specifier] of text.matchAll(/ from '(\.[^']+)\.js'/g)) {
      const imported = resolve(file, specifier);
      if (imported.startsWith(`${source}/`) && !files.has(imported)) add(imported);
    }
  };
  for (const entry of entries) if (!files.has(`${source}/${entry}`)) add(`${source}/${entry}`);
  return files;
}

/** Those declarations as the files of a package, for both kinds of module. */
export function declarationsOf(source, target, entries = ['index']) {
  const files = declaredBy(source, entries);
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
