import type { Socket } from 'node:net';

const HEAD = 4;

/** Frames on the pipe between a serving process and its worker: a length, and so many bytes. An empty frame is a signal. */
export class Pipe {
  private chunks: Buffer[] = [];
  private size = 0;
  private needed = HEAD;

  constructor(
    readonly socket: Socket,
    private readonly limit: number,
    private readonly onFrame: (bytes: Buffer) => void,
  ) {
    // The event `close` reports the end of the other side.
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
  }

  /** How many bytes the other side has not taken yet. */
  get waiting(): number {
    return this.socket.writableLength;
  }

  /** Copies the bytes. */
  write(bytes: Uint8Array): void {
    const frame = Buffer.allocUnsafe(HEAD + bytes.length);
    frame.writeUInt32LE(bytes.length);
    frame.set(bytes, HEAD);
    this.socket.write(frame);
  }

  private receive(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.size += chunk.length;
    while (this.size >= this.needed && !this.socket.destroyed) {
      const all = this.chunks.length === 1 ? (this.chunks[0] as Buffer) : Buffer.concat(this.chunks, this.size);
      this.needed = HEAD + all.readUInt32LE();
      if (this.needed > HEAD + this.limit) {
        this.socket.destroy();
        return;
      }
      const isWhole = this.size >= this.needed;
      const rest = isWhole ? all.subarray(this.needed) : all;
      this.chunks = rest.length === 0 ? [] : [rest];
      this.size = rest.length;
      if (!isWhole) return;
      const frame = all.subarray(HEAD, this.needed);
      this.needed = HEAD;
      this.onFrame(frame);
    }
  }
}
