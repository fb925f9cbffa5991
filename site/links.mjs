// Links between files of the repository become links between pages of the site.
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { anchorOf } from './anchors.mjs';
import { root } from './sources.mjs';

const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const repository = manifest.repository.url.replace(/^git\+|\.git$/g, '');

/**
 * Rewrites the relative links of a page. A link to a file of an example leads to its heading on the page of the example; a link
 * to a file that has no page leads to the repository. Throws for a link that leads nowhere.
 */
export function rewriteLinks(text, source, pages) {
  return outsideOfCode(text, (prose) =>
    prose.replaceAll(/(!?)\[((?:[^\]]|\n)*?)\]\(([^)\s]+)\)/g, (link, image, label, target) => {
      if (image !== '' || /^([a-z]+:|#)/.test(target)) return link;
      return `[${label}](${destination(target, source, pages)})`;
    }),
  );
}

function destination(target, source, pages) {
  const [file, fragment] = target.split('#');
  const linked = path.posix.join(path.posix.dirname(source), file).replace(/\/$/, '');
  const full = path.join(root, linked);
  if (!existsSync(full)) throw new Error(`${source} links to ${target}, which does not exist`);
  const page = pages.get(linked) ?? pages.get(path.posix.join(linked, 'README.md'));
  if (page !== undefined) return `/${page}${fragment === undefined ? '' : `#${fragment}`}`;
  const [, example, rest] = /^examples\/([^/]+)\/(.+)$/.exec(linked) ?? [];
  if (example !== undefined && statSync(full).isFile()) return `/examples/${example}/index.md#${anchorOf(rest)}`;
  return `${repository}/blob/main/${linked}`;
}

/** Applies a function to the text between fenced blocks. */
function outsideOfCode(text, change) {
  const parts = text.split(/(^ *```[^]*?^ *```$)/m);
  return parts.map((part, index) => (index % 2 === 0 ? change(part) : part)).join('');
}
