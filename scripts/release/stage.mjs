// The packages as they are published, in build/release/: the repository's own manifests and files stay as they are.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../command.mjs';
import { readManifest, targets } from './targets.mjs';

export const stagingFolder = path.join(root, 'build/release');

/** What only a clone needs. */
const ofTheClone = ['scripts', 'devDependencies', 'overrides', 'allowScripts', 'napi'];

/**
 * Writes all packages to `folder`; gives their folders, the root's last: it needs the others. `addons` has the addons of all
 * platforms; `allowMissing` leaves out those that it lacks.
 */
export function stage({ folder = stagingFolder, addons = root, allowMissing = false } = {}) {
  const manifest = readManifest();
  const all = targets(manifest);
  const lacks = (addon) => !existsSync(path.join(addons, addon));
  const missing = all.filter((target) => target.addons.some(lacks));
  if (missing.length > 0 && !allowMissing) {
    throw new Error(`${addons} has no ${missing.flatMap((target) => target.addons.filter(lacks)).join(', ')}`);
  }
  rmSync(folder, { recursive: true, force: true });
  const present = all.filter((target) => !missing.includes(target));
  const platforms = present.map((target) => stagePlatform(target, { folder, addons, manifest }));
  return [...platforms, stageRoot(path.join(folder, manifest.name), manifest, all)];
}

function stagePlatform(target, { folder, addons, manifest }) {
  const source = path.join(root, 'npm', target.folder);
  const { version } = JSON.parse(readFileSync(path.join(source, 'package.json'), 'utf8'));
  if (version !== manifest.version) {
    throw new Error(`npm/${target.folder} has version ${version}, not ${manifest.version}: run \`npm run version\``);
  }
  const staged = path.join(folder, target.folder);
  cpSync(source, staged, { recursive: true });
  for (const addon of target.addons) cpSync(path.join(addons, addon), path.join(staged, addon));
  return staged;
}

function stageRoot(folder, manifest, all) {
  mkdirSync(folder, { recursive: true });
  for (const file of [...manifest.files, 'LICENSE']) {
    cpSync(path.join(root, file), path.join(folder, file), { recursive: true });
  }
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
  writeFileSync(path.join(folder, 'README.md'), withAbsoluteLinks(readme, manifest));
  for (const file of readdirSync(folder, { recursive: true })) {
    if (!/\.d\.[cm]?ts$/.test(file)) continue;
    const text = readFileSync(path.join(folder, file), 'utf8');
    writeFileSync(path.join(folder, file), withAbsoluteNames(text, manifest));
  }
  const published = Object.fromEntries(Object.entries(manifest).filter(([name]) => !ofTheClone.includes(name)));
  published.sideEffects = manifest.sideEffects.filter((pattern) => pattern.startsWith('./dist/'));
  published.optionalDependencies = Object.fromEntries(all.map(({ packageName }) => [packageName, manifest.version]));
  writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(published, undefined, 2)}\n`);
  return folder;
}

/** The package has no docs/: its README links to those of its version. */
function withAbsoluteLinks(text, manifest) {
  return text
    .replaceAll(/\]\((?!https?:|#|mailto:)([^)]+)\)/g, (_, target) => `](${addressOf(target, manifest)})`)
    .replaceAll(/ (src|srcset)="(?!https?:)([^"]+)"/g, (_, name, target) => {
      return ` ${name}="${addressOf(target, manifest).replace('/blob/', '/raw/')}"`;
    });
}

/** The comments of declarations name files of docs/. */
function withAbsoluteNames(text, manifest) {
  return text.replaceAll(/`(docs\/[\w-]+\.md)`/g, (_, file) => addressOf(file, manifest));
}

function addressOf(target, { repository, version }) {
  const base = repository.url.replace(/^git\+/, '').replace(/\.git$/, '');
  const kind = path.extname(target.split('#', 1)[0]) === '' ? 'tree' : 'blob';
  return `${base}/${kind}/v${version}/${target}`;
}
