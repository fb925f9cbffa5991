import type { HostChannel } from '../drivers/host-channel.js';
import { checkTimeout } from '../native/connection-options.js';
import type { HealthOptions, WorkerHealth } from '../types/worker-health.js';

/** How long a worker may take to tell how it is, in milliseconds. */
export const HEALTH_TIMEOUT = 1000;
const BLOCKED_AFTER = 100;

/** How a worker is. */
export async function healthOf(channel: HostChannel, options: HealthOptions): Promise<WorkerHealth> {
  const { timeout = HEALTH_TIMEOUT, blockedAfter = BLOCKED_AFTER } = options;
  checkTimeout('timeout', timeout);
  checkTimeout('blockedAfter', blockedAfter);
  const pulse = await channel.pulse(Math.min(timeout || Infinity, 2 ** 31));
  if (pulse === -2) return { state: 'silent' };
  if (pulse === -3) return { state: 'gone' };
  return pulse >= blockedAfter && pulse > 0 ? { state: 'blocked', blockedFor: Math.round(pulse) } : { state: 'alive' };
}
