import path from 'node:path';
import { rollup } from 'rollup';

/**
 * Joins the modules that esbuild has split to one file for each entry, as Rollup gives them.
 *
 * @param texts - The modules, by the names of their files.
 * @param names - The names of the entries.
 * @param output - Options of Rollup for the files.
 * @param external - Tells what stays an import.
 */
export async function joinModules(texts, names, output, external = () => false) {
  const bundle = await rollup({
    input: Object.fromEntries(names.map((name) => [name, `${name}.js`])),
    // A file exports what others need of it, too.
    preserveEntrySignatures: 'allow-extension',
    external,
    plugins: [
      {
        name: 'what esbuild has made',
        resolveId: (id) => path.basename(id),
        load: (id) => texts.get(id),
      },
    ],
    treeshake: false,
    onwarn({ code, message }) {
      if (code !== 'CIRCULAR_DEPENDENCY') throw new Error(message);
    },
  });
  const made = await bundle.generate({
    hoistTransitiveImports: false,
    externalLiveBindings: false,
    freeze: false,
    ...output,
  });
  await bundle.close();
  return made.output;
}
