import { anchorOf } from '../anchors.mjs';
import { sidebar } from '../navigation.mjs';

const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="7" height="7" fill="#3451b2"/><rect x="9" y="9" width="7" height="7" fill="#3451b2"/></svg>`;

export default {
  title: 'isolated-workers',
  description: 'Typed messages between a Node program and its worker processes and threads',
  head: [['link', { rel: 'icon', href: `data:image/svg+xml,${encodeURIComponent(icon)}` }]],
  srcDir: 'pages',
  outDir: '../build/site',
  cleanUrls: true,
  // A link to a page that does not exist fails the build.
  ignoreDeadLinks: false,
  // The index of the local search is one file.
  vite: { build: { chunkSizeWarningLimit: 4_000 } },
  markdown: { anchor: { slugify: anchorOf }, config: showCommandsAsFences },
  themeConfig: {
    nav: [
      { text: 'Guide', link: '/guide/getting-started' },
      { text: 'Examples', link: '/examples/' },
      { text: 'API', link: '/api/' },
      { text: 'Changelog', link: '/project/changelog' },
    ],
    sidebar: sidebar(),
    outline: [2, 3],
    search: { provider: 'local' },
  },
};

/** The pages indent their commands. As a fence, a command scrolls where it is too long for the screen, and has a button that copies it. */
function showCommandsAsFences(markdown) {
  const { rules } = markdown.renderer;
  rules.code_block = (tokens, index, ...rest) => {
    tokens[index].info = 'sh';
    return rules.fence(tokens, index, ...rest);
  };
}
