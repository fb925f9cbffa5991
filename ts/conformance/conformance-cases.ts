import type { Driver } from '../index.js';
import { calls } from './cases/calls.js';
import { cancellation } from './cases/cancellation.js';
import { capabilities } from './cases/capabilities.js';
import { contexts } from './cases/contexts.js';
import { copies } from './cases/copies.js';
import { crashes } from './cases/crashes.js';
import { diagnosticsCases } from './cases/diagnostics.js';
import { errors } from './cases/errors.js';
import { lifecycle } from './cases/lifecycle.js';
import { middleware } from './cases/middleware.js';
import { order } from './cases/order.js';
import { posts } from './cases/posts.js';
import { reconnects } from './cases/reconnects.js';
import { refusals } from './cases/refusals.js';
import { starts } from './cases/starts.js';
import { structured } from './cases/structured.js';
import { sync } from './cases/sync.js';
import { streams } from './cases/streams.js';
import { timeouts } from './cases/timeouts.js';
import { transactions } from './cases/transactions.js';
import { uploads } from './cases/uploads.js';
import { validators } from './cases/validators.js';
import { values } from './cases/values.js';
import type { Definition, Traits } from './definition.js';
import type { ConformanceCase, ConformanceOptions } from './options.js';
import { Stage, toDriver } from './harness.js';

const TIMEOUT = 20_000;

const definitions: readonly Definition[] = [
  ...values,
  ...copies,
  ...order,
  ...posts,
  ...errors,
  ...refusals,
  ...timeouts,
  ...transactions,
  ...middleware,
  ...starts,
  ...lifecycle,
  ...crashes,
  ...cancellation,
  ...streams,
  ...uploads,
  ...calls,
  ...sync,
  ...capabilities,
  ...reconnects,
  ...validators,
  ...contexts,
  ...diagnosticsCases,
  ...structured,
];

/**
 * The tests that every driver must pass, for one driver. They are independent of each other; the driver's capabilities
 * determine the selection.
 *
 * @typeParam D - The driver.
 * @throws The error of the constructor, if the driver is a class.
 *
 * @example
 * ```ts
 * for (const { name, run } of conformanceCases({ driver: MyDriver, script: './worker.js' })) test(name, run);
 * ```
 */
export function conformanceCases<D extends Driver>(options: ConformanceOptions<D>): readonly ConformanceCase[] {
  const given = options as unknown as ConformanceOptions;
  const { endsAlone = true, timeout = TIMEOUT } = given;
  const traits: Traits = { ...toDriver(given.driver).capabilities, endsAlone };
  return definitions
    .filter(({ appliesTo }) => appliesTo === undefined || appliesTo(traits))
    .map((definition) => ({ name: definition.name, run: () => run(definition, new Stage(given), timeout) }));
}

/** Runs a case with a timeout, because drivers under development hang. */
async function run(definition: Definition, stage: Stage, timeout: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`"${definition.name}" has not ended after ${timeout} ms`)), timeout);
  });
  try {
    await Promise.race([perform(definition, stage), late]);
  } finally {
    clearTimeout(timer);
    // Of a case that was given up, workers may be left.
    void stage.close().catch(() => {});
  }
}

async function perform({ test }: Definition, stage: Stage): Promise<void> {
  try {
    await test(stage);
  } finally {
    await stage.close();
  }
}
