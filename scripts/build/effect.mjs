// The Effect integration: two programs of their own in dist/effect/, one for hosts and one for workers. They load the main
// bundle and the package `effect`, and are no part of either: nothing else in the package imports `effect`.
import { build } from 'esbuild';
import { root } from '../command.mjs';
import { commonJs } from './entries.mjs';
import { declaredBy, mainBundle, resolve } from './side-bundle.mjs';

const source = 'ts/effect';
const target = 'dist/effect';
const entries = ['index', 'runner'];
/** How the two kinds of module end the names of their declarations, and what those import. */
const kinds = [
  { format: 'cjs', types: 'd.ts', imported: 'js' },
  { format: 'esm', types: 'd.mts', imported: 'mjs' },
];

/** All files of the integration, as a list of name and text. */
export async function effectFiles() {
  const files = await Promise.all(entries.map(async (entry) => [...(await code(entry)), ...declarations(entry)]));
  return files.flat();
}

/** `effect` has ES modules only, so CommonJS loads an ES module in any case: then one is enough. */
async function code(entry) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [`${source}/${entry}.ts`],
    outfile: `${target}/${entry}.mjs`,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    charset: 'utf8',
    external: ['effect/*'],
    plugins: [mainBundle('isolated-workers', { source })],
    write: false,
    metafile: true,
    logLevel: 'warning',
  });
  const names = Object.values(metafile.outputs)[0].exports.toSorted();
  return [
    [`${target}/${entry}.mjs`, outputFiles[0].text],
    [`${target}/${entry}.cjs`, commonJs(`./${entry}.mjs`, names)],
  ];
}

/** The declarations of an entry and of what those import, file by file, for both kinds of module. */
function declarations(entry) {
  const files = declaredBy(source, [entry]);
  return kinds.flatMap((kind) =>
    [...files].map(([file, text]) => [
      `${target}${file.slice(source.length)}.${kind.types}`,
      text.replaceAll(/^(import|export) (.*) from '(.+)';$/gm, (_, verb, names, specifier) =>
        specifier.startsWith('.')
          ? `${verb} ${names} from '${localSpecifier(file, specifier, kind)}';`
          : foreignImport(verb, names, specifier, kind),
      ),
    ]),
  );
}

/** A file of this package, as the declarations of a kind import it. */
function localSpecifier(file, specifier, { format, imported }) {
  if (resolve(file, specifier) !== 'ts/index.js') return specifier.replace(/js$/, imported);
  const up = '../'.repeat(file.split('/').length - 2);
  return format === 'cjs' ? `../${up}index.js` : `${up}index.mjs`;
}

/** `effect` has ES modules only, of which a CommonJS file may import the types. */
function foreignImport(verb, names, specifier, { format }) {
  if (format === 'esm') return `${verb} ${names} from '${specifier}';`;
  return `${verb} type ${names.replace(/^type /, '')} from '${specifier}' with { 'resolution-mode': 'import' };`;
}
