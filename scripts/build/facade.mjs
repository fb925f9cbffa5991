// The TypeScript facade: a CommonJS bundle in dist/, and around it the thin files of every entry of the exports map.
//
// The bundle has several parts, each a file. The first, in library.cjs, has what every worker needs, and nothing else; the
// others are loaded where they are needed. What two of them need is in the one that is named first here, and is found there
// under a symbol. index.cjs loads the first, by code that is compiled already where it can; its exports are that part's.
import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { root } from '../command.mjs';
import { conformanceFiles } from './conformance.mjs';
import { rootEntry, subpathEntry, subpaths } from './entries.mjs';
import { writeIfChanged } from './generated.mjs';
import { filesOf } from './stamp.mjs';

const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const bundleFile = 'dist/index.cjs';
const parts = ['index', 'process', 'custom', 'streams', 'checks', 'structured', 'host'];
/** Under it a file has what others share with it. */
const shared = 'Symbol.for("isolated-workers")';

export const facade = {
  name: 'facade',
  title: 'dist/',
  inputs: () => ['ts', 'package.json', 'package-lock.json', 'scripts/build'],
  outputs: () => (filesOf('dist').length > 0 ? ['dist'] : [bundleFile]),
  async build() {
    const { names, texts, homes } = await split();
    const files = new Map([
      ...rootEntry(names.get('index')),
      ...subpaths.flatMap((subpath) => subpathEntry(subpath, names.get('index'))),
      ...(await conformanceFiles()),
    ]);
    for (const part of parts) files.set(fileOf(part), await joined(part, names.get(part), texts, homes));
    if (/\bimport\(/.test(files.get(fileOf('index')))) {
      throw new Error('ts/index.ts needs an import(), which the script that a thread makes of it cannot have');
    }
    const library = fileOf('index');
    const mark = markOf(files.get(library));
    files.set(library, `${mark}\n${files.get(library)}`);
    files.set(bundleFile, await loader(mark));

    for (const [name, text] of files) writeIfChanged(name, text);
    for (const name of filesOf('dist')) if (!files.has(name)) rmSync(path.join(root, name));
  },
};

// One character beyond ASCII would make a string of two bytes each of all the file's text, which V8 reads more slowly.
const syntax = { platform: 'node', target: 'node20', charset: 'ascii' };

function fileOf(part) {
  return part === 'index' ? 'dist/library.cjs' : `dist/${part}.cjs`;
}

/** How the first part begins: by it index.cjs knows the one that it was built with. */
function markOf(text) {
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return `// isolated-workers ${version}: the library ${digest}`;
}

/** The file that loads the first part. */
async function loader(mark) {
  const { outputFiles } = await build({
    ...syntax,
    absWorkingDir: root,
    entryPoints: ['ts/load.ts'],
    define: { LIBRARY_MARK: JSON.stringify(mark) },
    bundle: true,
    format: 'cjs',
    external: ['./*.cjs'],
    write: false,
    logLevel: 'warning',
  });
  return outputFiles[0].text;
}

/**
 * The facade as ES modules, one for each part and one for each set of parts that share something; where those of the second
 * kind belong; and the names that each part exports. esbuild splits ES modules only.
 */
async function split() {
  const { metafile, outputFiles } = await build({
    ...syntax,
    absWorkingDir: root,
    entryPoints: Object.fromEntries(parts.map((part) => [part, `ts/${part}.ts`])),
    outdir: 'dist',
    outExtension: { '.js': '.mjs' },
    chunkNames: 'shared-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    // The addon is loaded at run time from beside the package or from a platform package.
    external: ['*.node', '@isolated-workers/*', './*.cjs'],
    write: false,
    metafile: true,
    logLevel: 'warning',
  });
  for (const input of Object.keys(metafile.inputs)) {
    if (input.includes('node_modules')) throw new Error(`${input} was bundled: the package has no dependencies`);
  }
  const homes = new Map();
  for (const part of parts) {
    for (const file of imported(metafile, `dist/${part}.mjs`)) {
      if (!homes.has(file)) homes.set(file, { part, exports: metafile.outputs[`dist/${file}`].exports });
    }
  }
  const texts = new Map(outputFiles.map(({ path: file, text }) => [path.basename(file), text]));
  const names = new Map(parts.map((part) => [part, metafile.outputs[`dist/${part}.mjs`].exports.toSorted()]));
  return { names, texts, homes };
}

/** The names of what an output imports as soon as it is loaded. */
function imported({ outputs }, output, found = new Set()) {
  for (const { path: file, kind, external } of outputs[output].imports) {
    const name = path.basename(file);
    if (kind !== 'import-statement' || external || found.has(name)) continue;
    imported({ outputs }, file, found.add(name));
  }
  return found;
}

/** A part and what it shares with later ones in one file. */
async function joined(part, names, texts, homes) {
  const numberOf = (file) => [...homes.keys()].indexOf(file);
  const own = [...homes].filter(([, home]) => home.part === part).map(([file]) => file);
  // Plain objects: a getter for each name, as esbuild makes them, is a closure that the start of a worker pays for.
  const contents = `
    ${own.length === 0 ? '' : "import './sharing.mjs';"}
    import { ${names.join(', ')} } from './${part}.mjs';
    Object.defineProperty(Object.assign(module.exports, { ${names.join(', ')} }), '__esModule', { value: true });`;
  // Before the part itself runs: it may load one that needs it. Made when one does: most workers load no other.
  const exportsOf = own.map((file) => [file, homes.get(file).exports]);
  const sharing = `
    ${exportsOf.map(([file, exports]) => `import { ${exports.map((name) => `${name} as ${name}_${numberOf(file)}`).join(', ')} } from './${file}';`).join('\n')}
    Object.defineProperty(module.exports, ${shared}, { get: () => ({ ${exportsOf
      .map(
        ([file, exports]) =>
          `${numberOf(file)}: { ${exports.map((name) => `${name}: ${name}_${numberOf(file)}`).join(', ')} }`,
      )
      .join(', ')} }) });`;
  const sources = new Map([...texts, ['sharing.mjs', sharing]]);
  const load = {
    name: 'parts',
    setup(plugin) {
      plugin.onResolve({ filter: /^\.\/.*\.mjs$/ }, ({ path: file, kind }) => {
        const name = path.basename(file);
        if (own.includes(name) || name === 'sharing.mjs' || name === `${part}.mjs`) {
          return { path: file, namespace: 'part' };
        }
        if (kind === 'dynamic-import') return { path: file.replace('.mjs', '.cjs'), external: true };
        return { path: file, namespace: 'shared' };
      });
      // As variables: what is looked up in another file each time is slow.
      plugin.onLoad({ filter: /.*/, namespace: 'shared' }, ({ path: file }) => {
        const name = path.basename(file);
        const { part: home, exports } = homes.get(name);
        return {
          contents: `export const { ${exports.join(', ')} } = require('./${home}.cjs')[${shared}][${numberOf(name)}];`,
        };
      });
      plugin.onLoad({ filter: /.*/, namespace: 'part' }, (args) => ({
        contents: sources.get(path.basename(args.path)),
      }));
    },
  };
  const { outputFiles } = await build({
    ...syntax,
    stdin: { contents, resolveDir: root },
    bundle: true,
    format: 'cjs',
    plugins: [load],
    external: ['*.node', '@isolated-workers/*', './*.cjs'],
    write: false,
    logLevel: 'warning',
  });
  // Its exports are those of the file that loads it, which others have.
  const begin =
    part === 'index' ? 'if (typeof isJoined === "undefined") module.exports = require("./index.cjs");\n' : '';
  return (
    begin +
    outputFiles[0].text
      .replaceAll(/\bimport\((".\/\w+.cjs")\)/g, 'Promise.resolve(require($1))')
      // In plain sight of who bundles the package.
      .replaceAll(/\b__require\((".\/\w+.cjs")\)/g, 'require($1)')
  );
}
