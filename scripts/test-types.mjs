// Compiles the type tests with every supported TypeScript: node scripts/test-types.mjs [compiler package …]
// They are files that must compile, with `@ts-expect-error` at what must not; nothing of them is run.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { root, runTool } from './command.mjs';

const folder = '__test__/types';
// The oldest and the newest that the package supports, and the one it is built with.
const supported = ['typescript-5.0', 'typescript', 'typescript-7'];

const compilers = process.argv.length > 2 ? process.argv.slice(2) : supported;
// Each project is one way to set the compiler up.
const projects = readdirSync(path.join(root, folder)).filter((name) => /^tsconfig.*\.json$/.test(name));

let passed = 0;
let failed = 0;
for (const compiler of compilers) {
  for (const project of projects) {
    const started = performance.now();
    const isCompiled = await compiles(compiler, path.join(folder, project));
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${isCompiled ? '✔' : '✘'} ${compiler} ${project} (${seconds} s)`);
    if (isCompiled) passed += 1;
    else failed += 1;
  }
}
console.log(`${passed} passed, ${failed} failed`);
// Nothing compiled is no success.
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

/** Prints what the compiler has to say. A compiler that cannot be run fails like one that finds an error. */
async function compiles(compiler, project) {
  try {
    return (await runTool(compiler, 'tsc', ['--project', project])) === 0;
  } catch (error) {
    console.error(error.message);
    return false;
  }
}
