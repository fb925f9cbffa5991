// The side bar: groups of pages, in reading order. A page of docs/ that no group names goes to the group "More".
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pageFiles, root } from './sources.mjs';

const guide = (...names) => names.map((name) => `docs/${name}.md`);

const groups = {
  Start: ['README.md', ...guide('getting-started', 'concepts', 'typescript')],
  Messages: guide('messages', 'streaming', 'serializers', 'validation', 'context', 'observability'),
  Workers: guide(
    'drivers',
    'lifecycle',
    'pool',
    'detached',
    'distributed',
    'isolates',
    'os-worker',
    'timeouts',
    'limits',
  ),
  'In production': guide(
    'deployment',
    'platforms',
    'bundlers',
    'testing',
    'performance',
    'security',
    'troubleshooting',
    'errors',
    'command-line',
  ),
  'Moving from': guide(
    'migrating/fork',
    'migrating/worker-threads',
    'migrating/piscina',
    'migrating/jest-worker',
    'migrating/from-0.2',
  ),
  'Other interfaces': guide('effect', 'custom-drivers', 'conformance', 'protocol'),
};

/** The side bar of VitePress. */
export function sidebar() {
  const pages = pageFiles();
  const named = new Set(Object.values(groups).flat());
  const rest = [...pages.keys()].filter((file) => /^docs\/(?!decisions)/.test(file) && !named.has(file));
  const starting = (prefix) => [...pages.keys()].filter((file) => file.startsWith(prefix));
  const project = [...pages].filter(([, page]) => /^project\/[^/]+$/.test(page)).map(([file]) => file);
  const all = {
    ...groups,
    More: rest,
    Examples: starting('examples/'),
    Project: [...project, 'benchmark/README.md'],
    Decisions: starting('docs/decisions/'),
  };
  const shown = Object.entries(all).map(([text, files]) => ({
    text,
    collapsed: text === 'Decisions' || text === 'Examples',
    items: files
      .filter((file) => pages.has(file))
      .map((file) => ({ text: titleOf(file), link: `/${pages.get(file)}` })),
  }));
  return [...shown.filter(({ items }) => items.length > 0), { text: 'API reference', link: '/api/index.md' }];
}

function titleOf(file) {
  if (file === 'README.md') return 'Overview';
  const [, title] = /^# (.*)$/m.exec(readFileSync(path.join(root, file), 'utf8')) ?? [];
  return title?.replaceAll('`', '') ?? file;
}
