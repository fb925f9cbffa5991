// The plugins of the real nx: in workers they find what they find in one process.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { createGraph, readWorkspace } from '../../examples/nx-plugins/graph.mjs';
import { install, nxEnvironment } from '../../examples/nx-plugins/install.mjs';
import { Plugin } from '../../examples/nx-plugins/plugin.mjs';

const example = (file: string) => fileURLToPath(new URL(`../../examples/nx-plugins/${file}`, import.meta.url));
const options = { timeout: 180_000 };

test('examples/nx-plugins finds the projects that the plugins find in one process', options, async (t) => {
  let files: string[];
  try {
    files = install();
  } catch (error) {
    return t.skip(`nx cannot be fetched: ${(error as Error).message.slice(0, 200)}`);
  }
  const root = example('workspace');
  Object.assign(process.env, nxEnvironment(root));
  const plugins = files.map((file) => {
    const plugin = new Plugin();
    return Object.assign(plugin, { phases: plugin.load({ file }).phases });
  });
  const { projects, dependencies } = await createGraph(plugins, await readWorkspace(root));
  const expected = [
    ...Object.entries(projects).map(([folder, project]) => {
      return `${project['name']} in ${folder}: ${Object.keys(project['targets'] ?? {}).join(', ')}`;
    }),
    ...dependencies.map(({ source, target, type }) => `${source} -> ${target} (${type})`),
  ];
  assert.deepEqual(expected, [
    '@demo/app in packages/app: start',
    'util in packages/util: build',
    '@demo/app -> util (static)',
  ]);
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [example('host.mjs')], { timeout: 60_000 });
  assert.deepEqual({ stdout, stderr }, { stdout: `${expected.join('\n')}\n`, stderr: '' });
});
