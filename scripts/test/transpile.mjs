// The JavaScript tests as Node runs them: __test__/ copied to an ignored folder of the root with the types stripped.
// The copy lies as deep as the source, so relative URLs in the tests mean the same file in both.
import { chmodSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { transform } from 'esbuild';
import { writeIfChanged } from '../build/generated.mjs';
import { filesOf } from '../build/stamp.mjs';
import { root } from '../command.mjs';

const source = '__test__';
const target = 'test-dist';
// Type tests are compiled by TypeScript, never run, and some of them must not compile.
const typeTests = `${source}/types/`;

/** Brings the copy up to date; resolves with the spec files in it, relative to the root. */
export async function transpileTests() {
  const written = new Set();
  for (const name of filesOf(source).filter((file) => !file.startsWith(typeTests))) {
    for (const [file, content] of await outputsOf(name)) {
      writeIfChanged(file, content);
      chmodSync(path.join(root, file), statSync(path.join(root, name)).mode);
      written.add(file);
    }
  }
  // A spec that was renamed or deleted must not run on.
  for (const file of filesOf(target)) if (!written.has(file)) rmSync(path.join(root, file));
  return [...written].filter((file) => file.endsWith('.spec.mjs'));
}

async function outputsOf(name) {
  const content = readFileSync(path.join(root, name));
  const copy = name.replace(source, target);
  const [extension] = /\.[mc]ts$/.exec(name) ?? [];
  if (extension === undefined) return [[copy, content]];
  const { code } = await transform(content.toString(), {
    loader: 'ts',
    format: extension === '.cts' ? 'cjs' : 'esm',
    target: 'node20',
    charset: 'utf8',
    sourcefile: path.posix.relative(path.posix.dirname(copy), name),
    sourcemap: 'inline',
  });
  const script = copy.replace(/ts$/, 'js');
  if (name.endsWith('.spec.mts')) return launched(script, code);
  // Fixtures stay available as TypeScript too: some tests are about workers written in it.
  return [
    [script, code],
    [copy, content],
  ];
}

/**
 * A spec becomes two files. Node reads a source map when it loads a file and only once maps are switched on, so the file
 * it starts with switches them on and then loads the tests; a flag instead would be inherited by the tests' workers.
 */
function launched(script, code) {
  const body = script.replace(/\.mjs$/, '.body.mjs');
  const watchdog = path.posix.relative(path.posix.dirname(script), 'scripts/test/watchdog.mjs');
  const launcher = `import '${watchdog}';\n\nawait import('./${path.posix.basename(body)}');\n`;
  return [
    [script, launcher],
    [body, code],
  ];
}
