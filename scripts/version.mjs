// Part of `npm version`: gives the Rust packages and the packages of the platforms the version that package.json just got, and stages
// them for the commit.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root, run } from './command.mjs';
import { writePlatformFiles } from './release/platform-packages.mjs';

const { name, version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const crates = ['Cargo.toml', 'crates/isolate/Cargo.toml'];
for (const crate of crates) replaceIn(crate, /^version = ".*"$/m, `version = "${version}"`);
// Cargo needs the packages of the fuzzer to write this lock file, and most machines do not have them.
replaceIn(
  'fuzz/Cargo.lock',
  new RegExp(`^name = "${name}"\nversion = ".*"$`, 'm'),
  `name = "${name}"\nversion = "${version}"`,
);

writePlatformFiles();

// The lock file names the package's own version too.
process.exitCode =
  (await run('cargo', ['update', '--workspace', '--offline'])) ||
  (await run('git', ['add', ...crates, 'Cargo.lock', 'fuzz/Cargo.lock', 'npm']));

function replaceIn(file, pattern, text) {
  const target = path.join(root, file);
  writeFileSync(target, readFileSync(target, 'utf8').replace(pattern, text));
}
