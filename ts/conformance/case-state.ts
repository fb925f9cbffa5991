/** The state that handlers keep for one case. */
export interface Room {
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

const rooms = new Map<string, Room>();

/** The state of this name, created on first use. */
export function getRoom(name: string): Room {
  let room = rooms.get(name);
  if (room === undefined) {
    room = { notes: [], held: new Map(), made: new Map(), counter: { calls: 0 } };
    rooms.set(name, room);
  }
  return room;
}
