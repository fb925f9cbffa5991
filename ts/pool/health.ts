import { delay } from '../util/delay.js';
import { clearInterval, setInterval } from '../util/primordials.js';
import type { Member } from './member.js';

/** How long a worker may take to tell that it is well, and how long nobody asks again, in milliseconds. */
const ANSWER_TIME = 250;
const PAUSE = 20;
/** How often a worker is asked, in parts of the limit, and never more often than this, in milliseconds. */
const POLLS = 4;
const LEAST_INTERVAL = 25;
const LONGEST_INTERVAL = 2 ** 31 - 1;

/**
 * Gives a worker no requests until its event loop turns. Somebody has stopped to wait for one of its requests, and it may still
 * be at it.
 */
export async function pauseUntilWell(member: Member): Promise<void> {
  if (member.isPaused) return;
  member.isPaused = true;
  while (member.worker.isActive) {
    const { state } = await member.worker.health({ timeout: ANSWER_TIME, blockedAfter: 1 });
    if (state === 'alive' || state === 'gone') break;
    await delay(PAUSE, undefined, { ref: false });
  }
  member.isPaused = false;
}

/**
 * Looks at a worker from time to time, and tells when it has not paused, or not answered, for too long.
 *
 * @param limit - In milliseconds.
 * @returns What ends it.
 */
export function watchHealth(member: Member, limit: number, giveUp: () => void): () => void {
  let isLooking = false;
  const look = async () => {
    if (isLooking) return;
    isLooking = true;
    const { state } = await member.worker.health({ timeout: limit, blockedAfter: limit });
    isLooking = false;
    if (state === 'blocked' || state === 'silent') giveUp();
  };
  const interval = Math.min(Math.max(limit / POLLS, LEAST_INTERVAL), LONGEST_INTERVAL);
  const timer = setInterval(() => void look(), interval).unref();
  return () => clearInterval(timer);
}
