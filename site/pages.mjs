// Writes the pages of the site from the documents of the repository: node site/pages.mjs
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { addJavaScript } from './javascript.mjs';
import { rewriteLinks } from './links.mjs';
import { pageFiles, root, sourceFilesOf } from './sources.mjs';

const target = path.join(root, 'site/pages');
const pages = pageFiles();

rmSync(target, { recursive: true, force: true });
for (const [source, page] of pages) {
  const text = readFileSync(path.join(root, source), 'utf8');
  const [, example] = /^examples\/([^/]+)\/README\.md$/.exec(source) ?? [];
  // From the root of the site, whose public files are not bundled.
  const pictured = text.replaceAll(/ (src|srcset)="(benchmark\/)/g, ' $1="/$2');
  const linked = rewriteLinks(pictured, source, pages) + (example === undefined ? '' : programsOf(example));
  const file = path.join(target, page);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, await addJavaScript(linked));
}
// The README shows them by their place in the repository.
for (const theme of ['light', 'dark']) {
  const chart = `benchmark/results/chart-${theme}.svg`;
  mkdirSync(path.join(target, 'public/benchmark/results'), { recursive: true });
  copyFileSync(path.join(root, chart), path.join(target, 'public', chart));
}
console.log(`${pages.size} pages are written to site/pages`);

/** All files of an example, each below a heading that links lead to. */
function programsOf(example) {
  const blocks = sourceFilesOf(example).map((file) => {
    const code = readFileSync(path.join(root, 'examples', example, file), 'utf8');
    // No `ts`: these files are shown as they are.
    const language = file.endsWith('.py') ? 'python' : file.endsWith('ts') ? 'typescript' : 'js';
    return `## ${file}\n\n\`\`\`${language}\n${code}\`\`\`\n`;
  });
  return `\n# The files of this example\n\n${blocks.join('\n')}`;
}
