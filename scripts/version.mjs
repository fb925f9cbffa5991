// Part of `npm version`: gives the Rust package and the packages of the platforms the version that package.json just got, and stages
// them for the commit.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root, run } from './command.mjs';
import { writePlatformFiles } from './release/platform-packages.mjs';

const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const manifest = path.join(root, 'Cargo.toml');
const text = readFileSync(manifest, 'utf8');
writeFileSync(manifest, text.replace(/^version = ".*"$/m, `version = "${version}"`));

writePlatformFiles();

// The lock file names the package's own version too.
process.exitCode =
  (await run('cargo', ['update', '--workspace', '--offline'])) ||
  (await run('git', ['add', 'Cargo.toml', 'Cargo.lock', 'npm']));
