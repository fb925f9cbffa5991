// @ts-check
// The numbers of pools in the text format of Prometheus.

/** @import { PoolStats } from 'isolated-workers' */

/**
 * @param {Record<string, PoolStats>} pools By their names.
 * @returns {string}
 */
export function metricsOf(pools) {
  const lines = [];
  for (const member of /** @type {const} */ (['workers', 'busy', 'queued', 'completed', 'failed', 'crashed'])) {
    const isTotal = member === 'completed' || member === 'failed' || member === 'crashed';
    const name = `pool_${member}${isTotal ? '_total' : ''}`;
    lines.push(`# TYPE ${name} ${isTotal ? 'counter' : 'gauge'}`);
    for (const [pool, stats] of Object.entries(pools)) lines.push(`${name}{pool="${pool}"} ${stats[member]}`);
  }
  return `${lines.join('\n')}\n`;
}
