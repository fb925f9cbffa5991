// The workflows of continuous integration: they parse, and name what there is.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';

import { parse } from 'yaml';

import { targets } from '../../scripts/release/targets.mjs';
import { root } from '../fixtures/package/copy.mjs';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Record<string, string>;
}
interface Job {
  readonly 'runs-on': string;
  readonly needs?: string;
  readonly 'timeout-minutes': number;
  readonly permissions?: Record<string, string>;
  readonly strategy?: { readonly matrix: { readonly include: readonly { readonly target: string }[] } };
  readonly steps: readonly Step[];
}
interface Workflow {
  readonly name: string;
  readonly on: object;
  readonly permissions: Record<string, string>;
  readonly jobs: Record<string, Job>;
}

const folder = path.join(root, '.github/workflows');
const workflows = new Map<string, Workflow>(
  readdirSync(folder).map((file) => [file, parse(readFileSync(path.join(folder, file), 'utf8'), { strict: true })]),
);

describe('Each workflow', () => {
  for (const [file, { permissions, jobs }] of workflows) {
    test(`${file} may only read, unless a job says more, and its jobs end in time`, () => {
      assert.deepEqual(permissions, { contents: 'read' });
      for (const [name, job] of Object.entries(jobs)) {
        assert.ok(job['timeout-minutes'] > 0 && job['timeout-minutes'] <= 120, name);
        assert.ok(job.needs === undefined || job.needs in jobs, name);
        for (const { uses, run } of job.steps) assert.notEqual(uses === undefined, run === undefined, name);
      }
    });

    test(`${file} takes actions in a fixed version, and runs scripts that are there`, () => {
      const steps = Object.values(jobs).flatMap((job) => job.steps);
      for (const { uses, run = '' } of steps) {
        if (uses !== undefined) assert.match(uses, /^[\w-]+\/[\w-]+@(?:v\d+|stable)$/);
        for (const [, script = ''] of run.matchAll(/(?:node |^)((?:scripts|\.ci)\/\S+)/gm)) {
          assert.ok(existsSync(path.join(root, script)), script);
        }
      }
    });
  }
});

describe('The release', () => {
  const { jobs } = workflows.get('release.yml') ?? assert.fail('there is no release.yml');

  test('builds each platform that has a package', () => {
    const built = jobs['build']?.strategy?.matrix.include.map(({ target }) => target);
    assert.deepEqual(
      built,
      targets().map(({ triple }) => triple),
    );
  });

  test('publishes with provenance, after it has built and tested', () => {
    const { needs, permissions, steps } = jobs['publish'] ?? assert.fail('there is no job publish');
    assert.equal(needs, 'build');
    assert.equal(permissions?.['id-token'], 'write');
    const runs = steps.map(({ run = '' }) => run);
    const order = ['scripts/test-js.mjs', 'release.mjs stage', 'release.mjs publish --provenance'];
    const places = order.map((part) => runs.findIndex((run) => run.includes(part)));
    assert.deepEqual(
      places,
      places.toSorted((one, other) => one - other),
    );
    assert.ok(!places.includes(-1));
  });
});
