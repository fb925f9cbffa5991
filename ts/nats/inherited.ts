/** The variable that tells a worker process how it reaches its host. The worker takes it out of its environment. */
export const VARIABLE = 'ISOLATED_WORKERS_SERVED';

export interface Inherited {
  /** The pipe to the serving process. */
  readonly descriptor: number;
  readonly maxMessageSize: number;
}
