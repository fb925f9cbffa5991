/** What a detached worker tells of itself, in one line of JSON. */
export interface WorkerReport {
  /** How many hosts are connected. */
  readonly hosts: number;
  /** Requests and notifications whose handlers run or wait. */
  readonly inFlight: number;
  /** Requests and notifications that were handled, since the start. */
  readonly answered: number;
  /** How many of them were measured, because somebody looked. */
  readonly measured: number;
  /** How long those took together, from their arrival to the answer, in milliseconds. */
  readonly millis: number;
}

/** `undefined`: it is of another form. */
export function readReport(text: string): WorkerReport | undefined {
  try {
    const { hosts, inFlight, answered, measured, millis } = JSON.parse(text) as Record<keyof WorkerReport, unknown>;
    const report = { hosts, inFlight, answered, measured, millis };
    return Object.values(report).every((value) => Number.isFinite(value)) ? (report as WorkerReport) : undefined;
  } catch {
    return undefined;
  }
}
