/** On which a host asks for a free worker; one serving process of the queue group answers. */
export function offerSubject(prefix: string, name: string): string {
  return `${prefix}.offer.${name}`;
}

/** The queue group of all free workers of a name. */
export const QUEUE = 'workers';

/** The two directions of a session. */
export function sessionSubjects(prefix: string, session: string): { toWorker: string; toHost: string } {
  return { toWorker: `${prefix}.session.${session}.worker`, toHost: `${prefix}.session.${session}.host` };
}

/** Whether a session id is one that a serving process makes: 144 random bits. */
export function isSession(id: unknown): boolean {
  return typeof id === 'string' && /^[\w-]{24}$/.test(id);
}

/** Raise it when the frames or the messages of a claim change. */
export const VERSION = 2;

/** The answer of a serving process to a host that has asked for a worker. */
export interface Claim {
  readonly version: number;
  readonly session: string;
  readonly pid: number;
}
