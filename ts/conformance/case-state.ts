/** The state that handlers keep for one case. */
export interface CaseState {
  readonly notes: unknown[];
  /** How to answer held requests. */
  readonly held: Map<string | number, () => void>;
  /** The chunks of streams, by key. */
  readonly made: Map<string, Made>;
  readonly counter: { calls: number };
}

export interface Made {
  made: number;
  ended: boolean;
}

const states = new Map<string, CaseState>();

/** The state of this name, created on first use. */
export function getCaseState(name: string): CaseState {
  let caseId = states.get(name);
  if (caseId === undefined) {
    caseId = { notes: [], held: new Map(), made: new Map(), counter: { calls: 0 } };
    states.set(name, caseId);
  }
  return caseId;
}
