// JavaScript tests with an addon that AddressSanitizer watches, in a copy of the package below build/.
import { cpSync, copyFileSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { outputOf, root, run } from '../command.mjs';
import { platform } from '../build/native.mjs';
import { transpileTests } from '../test/transpile.mjs';

// What sends bytes that no honest peer sends, values that nobody has chosen, and memory that two processes have.
const specs = [
  'byte-connection/hostile-peer',
  'byte-connection/shared-memory',
  'codecs/structured/annotations',
  'codecs/structured/hostile',
  'drivers/thread/values',
];

/** Runs the specs with the addon that cargo has made in `folder`; resolves with an exit code, or why that is not possible. */
export async function runSanitizedSpecs(folder) {
  // The addon is loaded by a program without the sanitizer, whose runtime must then come first.
  const runtime = outputOf('gcc', ['-print-file-name=libasan.so']);
  if (runtime === undefined || !path.isAbsolute(runtime)) return 'gcc has no libasan.so';
  const copy = path.join(root, 'build', 'asan');
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  const files = (await transpileTests()).filter((file) => specs.some((name) => file.endsWith(`/${name}.spec.mjs`)));
  for (const name of ['package.json', 'index.d.ts', 'dist', 'test-dist', 'scripts', 'examples', 'docs', 'ts']) {
    cpSync(path.join(root, name), path.join(copy, name), { recursive: true });
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
  copyFileSync(path.join(folder, 'libisolated_workers.so'), path.join(copy, `isolated-workers.${platform()}.node`));
  const env = {
    ...process.env,
    LD_PRELOAD: runtime,
    // Node itself frees nothing when it ends; and a worker that ends by a signal is what some tests are about.
    ASAN_OPTIONS: 'detect_leaks=0:handle_segv=1:abort_on_error=1',
  };
  const tests = files.map((file) => path.join(copy, file));
  return run(process.execPath, ['--test', '--test-concurrency=2', ...tests], { env, cwd: copy });
}
