// What lies in the repository: no file at its root that is not meant to be there, no spec outside the folders that mirror `ts/`, and no
// rule for a folder that does not exist.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { outputOf, print, root } from '../command.mjs';
import { longFiles } from './long-files.mjs';

/** Each file at the root. A tool that can read its settings elsewhere does. */
const atRoot = `
  .editorconfig .gitattributes .gitignore .npmrc .oxlintrc.json .prettierignore .prettierrc.json
  ARCHITECTURE.md CHANGELOG.md CODE_OF_CONDUCT.md CONTRIBUTING.md LICENSE README.md SECURITY.md
  Cargo.lock Cargo.toml build.rs clippy.toml deny.toml rustfmt.toml
  index.d.ts package-lock.json package.json tsconfig.json tsconfig.package.json tsconfig.test.json
`.split(/\s+/);

/** The folders of `__test__/` that mirror no folder of `ts/`. */
const testFolders = ['documentation', 'examples', 'package'];

/** Prints what is wrong; gives an exit code, or why it cannot be told. */
export function checkFiles() {
  const tracked = outputOf('git', ['ls-files'])?.split('\n');
  if (tracked === undefined) return 'this is no git repository';
  const wrong = [
    ...tracked
      .filter((file) => !file.includes('/') && !atRoot.includes(file))
      .map((file) => `${file}: a file at the root that scripts/test/files.mjs does not list`),
    ...tracked
      .filter(isMisplacedSpec)
      .map((file) => `${file}: ts/ has no folder for this spec, see scripts/test/files.mjs`),
    ...[...longFiles]
      .filter((name) => !tracked.includes(`__test__/${name}.spec.mts`))
      .map((name) => `scripts/test/long-files.mjs: ${name} does not exist`),
    // The folder itself is made by a build; the one that it is made in is there.
    ...rulesOf('.gitignore')
      .filter((rule) => rule.startsWith('/') && !existsSync(path.join(root, path.dirname(rule))))
      .map((rule) => `.gitignore: ${rule} is in a folder that does not exist`),
    ...rulesOf('.prettierignore')
      .filter((rule) => !rule.includes('*') && !existsSync(path.join(root, rule)))
      .map((rule) => `.prettierignore: ${rule} does not exist`),
  ];
  for (const line of wrong) print(line);
  if (wrong.length === 0) print(`${tracked.length} files are tracked`);
  return wrong.length === 0 ? 0 : 1;
}

function isMisplacedSpec(file) {
  const folder = /^__test__\/(.*?)\/?[^/]*\.spec\.mts$/.exec(file)?.[1];
  if (folder === undefined || testFolders.includes(folder)) return false;
  return folder === '' || !existsSync(path.join(root, 'ts', folder));
}

function rulesOf(file) {
  const lines = readFileSync(path.join(root, file), 'utf8').split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith('#'));
}
