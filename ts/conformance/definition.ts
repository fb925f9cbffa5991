import type { DriverCapabilities } from '../index.js';
import type { Stage } from './stage.js';

/** What decides which cases there are for a driver. */
export interface Traits extends DriverCapabilities {
  readonly endsAlone: boolean;
}

/** A case before there is a driver. */
export interface Definition {
  /** A sentence about behaviour. */
  readonly name: string;
  /** Absent: it is for all drivers. */
  readonly appliesTo?: (traits: Traits) => boolean;
  test(stage: Stage): Promise<void>;
}
