// The packages that carry the addons, one for each platform: npm/<platform>/. They are committed without the addons, which
// scripts/release/stage.mjs adds.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../command.mjs';
import { readManifest, targets } from './targets.mjs';

/** Each file of npm/, as a list of name and text. */
export function platformFiles() {
  const manifest = readManifest();
  const license = readFileSync(path.join(root, 'LICENSE'), 'utf8');
  return targets(manifest).flatMap((target) => [
    [`npm/${target.folder}/package.json`, `${JSON.stringify(manifestOf(target, manifest), undefined, 2)}\n`],
    [`npm/${target.folder}/README.md`, readme(target, manifest)],
    [`npm/${target.folder}/LICENSE`, license],
  ]);
}

/** Writes all of them. */
export function writePlatformFiles() {
  for (const [file, text] of platformFiles()) {
    mkdirSync(path.join(root, path.dirname(file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  }
}

function manifestOf({ packageName, folder, triple, addon, addons, os, cpu, libc }, manifest) {
  return {
    name: packageName,
    version: manifest.version,
    description: `The native addon of ${manifest.name} for ${triple}`,
    license: manifest.license,
    author: manifest.author,
    homepage: manifest.homepage,
    bugs: manifest.bugs,
    repository: { ...manifest.repository, directory: `npm/${folder}` },
    type: 'commonjs',
    main: addon,
    files: addons,
    engines: manifest.engines,
    os: [os],
    cpu: [cpu],
    ...(libc !== undefined && { libc: [libc] }),
  };
}

function readme({ packageName, triple }, { name, homepage }) {
  return `# ${packageName}

The native addon of [${name}](${homepage}) for \`${triple}\`. Package managers install it with ${name} on this platform; do not
install it yourself.
`;
}
