// Files that the build writes: formatted like the rest, and touched only when their content changes, so that watchers
// see real changes only.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { root } from '../command.mjs';

/** Formats a file that another tool has written. */
export async function formatFile(name) {
  await writeFormatted(name, readFileSync(path.join(root, name), 'utf8'));
}

/** Formats `text` by the repository's rules and writes it. */
export async function writeFormatted(name, text) {
  const filepath = path.join(root, name);
  writeIfChanged(name, await format(text, { ...(await resolveConfig(filepath)), filepath }));
}

/** Writes a file of the root, text or bytes, unless it has this content already; makes its folder. */
export function writeIfChanged(name, content) {
  const file = path.join(root, name);
  if (hasContent(file, Buffer.from(content))) return;
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
}

function hasContent(file, content) {
  try {
    return readFileSync(file).equals(content);
  } catch {
    return false;
  }
}
