/** What handlers remember for one case. */
export interface Room {
  readonly notes: unknown[];
  /** How to answer the requests that are held. */
  readonly held: Map<string | number, () => void>;
  /** What streams have made, by key. */
  readonly made: Map<string, Made>;
  readonly counter: { calls: number };
}

export interface Made {
  made: number;
  ended: boolean;
}

const rooms = new Map<string, Room>();

/** The room of this name; it is made when it is first asked for. */
export function getRoom(name: string): Room {
  let room = rooms.get(name);
  if (room === undefined) {
    room = { notes: [], held: new Map(), made: new Map(), counter: { calls: 0 } };
    rooms.set(name, room);
  }
  return room;
}
