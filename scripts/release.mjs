// Publication. Continuous integration runs it: see .github/workflows/release.yml
//   node scripts/release.mjs stage [--addons <folder>] [--allow-missing]    writes all packages to build/release/
//   node scripts/release.mjs publish [--dry-run] [--provenance] [--tag <tag>]    publishes what lies there, the root last
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { run } from './command.mjs';
import { readManifest } from './release/targets.mjs';
import { stage, stagingFolder } from './release/stage.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    addons: { type: 'string' },
    'allow-missing': { type: 'boolean' },
    'dry-run': { type: 'boolean' },
    provenance: { type: 'boolean' },
    tag: { type: 'string', default: 'latest' },
  },
});

const actions = {
  stage() {
    const folders = stage({ addons: values.addons, allowMissing: values['allow-missing'] });
    for (const folder of folders) console.log(folder);
    return 0;
  },
  async publish() {
    const { name } = readManifest();
    const folders = readdirSync(stagingFolder).toSorted((one, other) => Number(one === name) - Number(other === name));
    for (const folder of folders) {
      const args = ['publish', '--access', 'public', '--tag', values.tag];
      if (values['dry-run']) args.push('--dry-run');
      if (values.provenance) args.push('--provenance');
      const code = await run('npm', args, { cwd: path.join(stagingFolder, folder) });
      if (code !== 0) return code;
    }
    return 0;
  },
  refuse() {
    console.error('publish with `node scripts/release.mjs`: the package in the clone names no addon of a platform');
    return 1;
  },
};

try {
  const [action] = positionals;
  if (!Object.hasOwn(actions, action ?? '')) throw new Error(`the actions are stage and publish, not ${action}`);
  process.exitCode = await actions[action]();
} catch (error) {
  console.error(`release: ${error.message}`);
  process.exitCode = 1;
}
