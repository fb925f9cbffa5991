// Compiles the type tests with every supported TypeScript: node scripts/test-types.mjs [compiler package …]
// They are files that must compile, with `@ts-expect-error` at what must not; nothing of them is run.
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root, runTool } from './command.mjs';

const folder = '__test__/types';
// The oldest that the package supports, the one it is built with, and the later ones.
const supported = ['typescript-5.0', 'typescript', 'typescript-6', 'typescript-7'];
/**
 * The declarations of later versions of Node. The projects themselves use those of the oldest supported one. From Node 24 on they
 * need a newer compiler than the oldest one.
 */
const nodes = ['types-node-22', 'types-node-24', 'types-node-newest'];
const oldestCompiles = nodes.slice(0, 1);
const generated = path.join(root, 'build/types');

const compilers = process.argv.length > 2 ? process.argv.slice(2) : supported;
// Each project is one way to set the compiler up.
const projects = readdirSync(path.join(root, folder)).filter((name) => /^tsconfig.*\.json$/.test(name));
// Effect's declarations need a newer compiler than this package's.
const effectProject = 'effect/tsconfig.json';

rmSync(generated, { recursive: true, force: true });
let passed = 0;
let failed = 0;
for (const compiler of compilers) {
  const own = projects.map((name) => path.join(folder, name));
  const isOldest = compiler === supported[0];
  if (!isOldest) own.push(path.join(folder, effectProject));
  for (const project of [...own, ...(isOldest ? oldestCompiles : nodes).map(withNode)]) {
    const started = performance.now();
    const isCompiled = await compiles(compiler, project);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(
      `${isCompiled ? '✔' : '✘'} ${compiler} ${path.relative(root, path.resolve(root, project))} (${seconds} s)`,
    );
    if (isCompiled) passed += 1;
    else failed += 1;
  }
}
console.log(`${passed} passed, ${failed} failed`);
// Nothing compiled is no success.
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

/** A project with the declarations of another Node, in place of the installed ones. */
function withNode(name) {
  const types = path.join(generated, name);
  const project = path.join(generated, `tsconfig.${name}.json`);
  mkdirSync(types, { recursive: true });
  rmSync(path.join(types, 'node'), { force: true });
  symlinkSync(path.join(root, 'node_modules', name), path.join(types, 'node'), 'junction');
  const settings = {
    extends: path.join(root, folder, 'tsconfig.exact.json'),
    compilerOptions: { typeRoots: [types] },
    include: ['*.mts', '*.cts', '*.mjs', '*.cjs', '../documentation/*.mts'].map((each) =>
      path.join(root, folder, each),
    ),
  };
  writeFileSync(project, JSON.stringify(settings));
  return project;
}

/** Prints what the compiler has to say. A compiler that cannot be run fails like one that finds an error. */
async function compiles(compiler, project) {
  try {
    return (await runTool(compiler, 'tsc', ['--project', project])) === 0;
  } catch (error) {
    console.error(error.message);
    return false;
  }
}
