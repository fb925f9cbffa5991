import type { DriverCapabilities } from '../index.js';
import type { Stage } from './harness.js';

/** The properties of a driver that select its cases. */
export interface Traits extends DriverCapabilities {
  readonly endsAlone: boolean;
}

/** A case without a driver. */
export interface Definition {
  /** A sentence about behaviour. */
  readonly name: string;
  /** Absent: the case applies to all drivers. */
  readonly appliesTo?: (traits: Traits) => boolean;
  test(stage: Stage): Promise<void>;
}
