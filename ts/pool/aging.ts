import { clearInterval, now, setInterval } from '../util/primordials.js';
import type { Member } from './member.js';
import { rssOf } from './rss.js';
import type { Settings } from './settings.js';

/** How often the pool measures the age and the memory of its workers, in milliseconds. */
const POLL_INTERVAL = 500;

/**
 * Reports workers that are too old or too large, from time to time.
 *
 * @param serving - The workers of now.
 * @returns What ends it; `undefined`: the settings have no such limit.
 */
export function watchAging(
  { maxAge, maxRss }: Settings['recycle'],
  serving: () => readonly Member[],
  onTooOld: (members: readonly Member[]) => void,
): (() => void) | undefined {
  if (maxAge === Infinity && maxRss === Infinity) return undefined;
  const measure = () => {
    const time = now();
    const aged = serving().filter(({ limits, since, worker }) => {
      const rss = maxRss === Infinity ? undefined : rssOf(worker.pid);
      return limits.isTooOld(time - since) || limits.isTooLarge(rss);
    });
    onTooOld(aged);
  };
  const timer = setInterval(measure, Math.min(POLL_INTERVAL, Math.max(maxAge / 4, 10))).unref();
  return () => clearInterval(timer);
}
