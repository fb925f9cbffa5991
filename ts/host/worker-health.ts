import type { HostChannel } from '../drivers/host-channel.js';
import { checkTimeout } from '../connection/options.js';
import type { HealthOptions, WorkerHealth } from '../types/worker-health.js';
import { PulseState } from '../protocol/generated.js';

/** How long a worker may take to answer, in milliseconds. */
export const HEALTH_TIMEOUT = 1000;
const BLOCKED_AFTER = 100;

/** The state of a worker. */
export async function healthOf(channel: HostChannel, options: HealthOptions): Promise<WorkerHealth> {
  const { timeout = HEALTH_TIMEOUT, blockedAfter = BLOCKED_AFTER } = options;
  checkTimeout('timeout', timeout);
  checkTimeout('blockedAfter', blockedAfter);
  const pulse = await channel.pulse(Math.min(timeout || Infinity, 2 ** 31));
  if (pulse.state === PulseState.Silent) return { state: 'silent' };
  if (pulse.state === PulseState.Gone) return { state: 'gone' };
  const { millis } = pulse;
  return millis >= blockedAfter && millis > 0
    ? { state: 'blocked', blockedFor: Math.round(millis) }
    : { state: 'alive' };
}
