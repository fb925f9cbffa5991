import type { RequestsOptions } from '../requests/options.js';
import type { ContextCarrier } from '../types/context-carrier.js';

/** How a worker's server has it. */
export interface HostSettings extends Omit<RequestsOptions, 'peer' | 'codec' | 'kill' | 'txIdGenerator'> {
  readonly context: ContextCarrier | undefined;
}
