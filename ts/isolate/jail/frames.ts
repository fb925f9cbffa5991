// What passes between a host and a process that holds isolates: frames of a length, the number of an isolate, a kind, and bytes.

export const enum Frame {
  /** To the process: what an isolate is started with, in V8's format. */
  Start = 0,
  /** To the process: a message for an isolate, in V8's format. */
  Post = 1,
  /** To the process: the source of a module. */
  Source = 2,
  /** To the process: why there is none, and the code of that error, as JSON. */
  NoSource = 3,
  Kill = 4,
  /** To the host: events of an isolate. */
  Events = 5,
  /** To the host: the number of a limit that an isolate has overrun without ending. */
  Overrun = 6,
}

/** The length of what follows it, the number of the isolate, and the kind. */
const HEAD = 9;
const BEHIND_LENGTH = HEAD - 4;

export function frameOf(id: number, kind: Frame, bytes: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEAD + bytes.length);
  frame.writeUInt32LE(BEHIND_LENGTH + bytes.length);
  frame.writeUInt32LE(id, 4);
  frame[8] = kind;
  frame.set(bytes, HEAD);
  return frame;
}

/** Cuts a stream of bytes into frames. */
export class FrameReader {
  private parts: Buffer[] = [];
  private size = 0;

  constructor(private readonly onFrame: (id: number, kind: Frame, bytes: Buffer) => void) {}

  push(part: Buffer): void {
    this.parts.push(part);
    this.size += part.length;
    // Large frames come in many parts: they are joined once.
    if (this.size < 4 || this.size < this.wanted()) return;
    const whole = this.parts.length === 1 ? part : Buffer.concat(this.parts, this.size);
    let at = 0;
    while (whole.length - at >= 4) {
      const end = at + 4 + whole.readUInt32LE(at);
      if (whole.length < end) break;
      this.onFrame(whole.readUInt32LE(at + 4), whole[at + 8] as Frame, whole.subarray(at + HEAD, end));
      at = end;
    }
    this.parts = at === whole.length ? [] : [whole.subarray(at)];
    this.size = whole.length - at;
  }

  /** The size of the first frame. */
  private wanted(): number {
    let [first] = this.parts as [Buffer];
    if (first.length < 4) {
      first = Buffer.concat(this.parts, this.size);
      this.parts = [first];
    }
    return 4 + first.readUInt32LE();
  }
}
