import { Readable, type Writable } from 'node:stream';

/** A standard stream of a worker, as its host reads it. What nobody reads is kept and holds nothing up, as with threads. */
export class Output extends Readable {
  private isOver = false;

  override _read(): void {}

  follow(source: Readable | null): void {
    source?.on('data', (chunk: Buffer) => this.write(chunk));
  }

  write(chunk: Buffer): void {
    if (!this.isOver && chunk.length > 0) this.push(chunk);
  }

  /** The worker has ended. */
  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.push(null);
  }
}

/** Any number of workers write to one stream without a warning. */
export function pipeQuietly(source: Readable, target: Writable): void {
  const most = target.getMaxListeners();
  target.setMaxListeners(Infinity);
  source.pipe(target, { end: false });
  target.setMaxListeners(most);
}
