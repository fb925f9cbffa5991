// A stamp remembers what a part of the build was made from and what it made. While neither has changed, building that
// part again would only cost time, and a release build of the addon costs minutes.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../command.mjs';

const folder = path.join(root, 'build', 'stamps');

/** The stamp of a part as it was last written, or `undefined`. */
export function readStamp(name) {
  try {
    return JSON.parse(readFileSync(path.join(folder, `${name}.json`), 'utf8'));
  } catch {
    return undefined;
  }
}

/** Why the part has to be built, as words for the developer; `undefined` when it is up to date. */
export function staleness({ name, inputs, outputs }) {
  const stamp = readStamp(name);
  const missing = outputs().find((file) => !existsSync(path.join(root, file)));
  if (missing !== undefined) return `${missing} is missing`;
  if (stamp === undefined) return 'never built here';
  if (stamp.inputs !== fingerprint(inputs())) return 'sources changed';
  // Content, not time: changing branches and back touches generated files without changing them.
  if (stamp.outputs !== fingerprint(outputs())) return 'generated files changed';
  return undefined;
}

/** Records that `part` was built from inputs with this fingerprint; take it before the build, so that edits count. */
export function writeStamp({ name, outputs }, inputs, details = {}) {
  mkdirSync(folder, { recursive: true });
  const stamp = { ...details, inputs, outputs: fingerprint(outputs()) };
  writeFileSync(path.join(folder, `${name}.json`), `${JSON.stringify(stamp, null, 2)}\n`);
}

/** One hash over the names and contents of files and whole folders; what does not exist counts as absent. */
export function fingerprint(names) {
  const hash = createHash('sha256');
  for (const file of names.flatMap(filesOf).toSorted()) {
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(path.join(root, file)))
      .update('\0');
  }
  return hash.digest('hex');
}

/** The files behind a name, relative to the root and with forward slashes. */
export function filesOf(name) {
  const absolute = path.join(root, name);
  if (!existsSync(absolute)) return [];
  if (!statSync(absolute).isDirectory()) return [name];
  return readdirSync(absolute)
    .toSorted()
    .flatMap((entry) => filesOf(`${name}/${entry}`));
}
