import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import path from 'node:path';
import { serialize } from 'node:v8';

import { clearTimeout, setTimeout } from '../../util/primordials.js';
import type { NativeSetup } from '../binding.js';
import { eachEvent, eventOf } from '../events.js';
import { Ended, Event } from '../generated.js';
import type { Isolate } from '../isolate.js';
import { Frame, frameOf, FrameReader } from './frames.js';

/**
 * How long an isolate that the host kills may take, before its process is killed, in milliseconds. The process reports one that goes on
 * computing sooner; this is for a process that reports nothing any more.
 */
const KILL_GRACE = 5000;
const EMPTY = new Uint8Array();

/** A process that holds isolates. It is killed when one of them overruns a limit. */
export class Jail {
  private child: ChildProcess | undefined;
  private socket: Socket | undefined;
  /** The process that was killed because of one isolate. */
  private condemned: ChildProcess | undefined;
  private readonly isolates = new Map<number, JailedIsolate>();
  private last = 0;

  /** Starts an isolate; starts the process first, if there is none. */
  start(setup: NativeSetup, onEvents: () => void): Isolate {
    const id = ++this.last;
    const isolate = new JailedIsolate(onEvents, (kind, bytes) => this.send(id, kind, bytes));
    this.place(id, isolate);
    isolate.start(serialize(setup));
    return isolate;
  }

  private place(id: number, isolate: JailedIsolate): void {
    if (this.child === undefined) this.open();
    this.isolates.set(id, isolate);
  }

  private open(): void {
    // Nothing of the host's environment and flags: neither secrets nor a debugger.
    const child = spawn(process.execPath, [path.join(__dirname, 'jail.cjs')], {
      stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
      env: {},
      windowsHide: true,
    });
    const socket = child.stdio[3] as unknown as Socket;
    this.child = child;
    this.socket = socket;
    child.unref();
    socket.unref();
    const reader = new FrameReader((id, kind, bytes) => this.receive(id, kind, bytes));
    socket.on('data', (part: Buffer) => reader.push(part));
    socket.on('error', () => {});
    child.once('error', (error) => this.lose(child, `the process of isolates could not be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      const how = signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
      this.lose(child, `the process that held this isolate ${how}`);
    });
  }

  private send(id: number, kind: Frame, bytes: Uint8Array): void {
    if (kind === Frame.Kill) this.expectEnd(id);
    this.socket?.write(frameOf(id, kind, bytes));
  }

  /** An isolate must end now, or its process does. */
  private expectEnd(id: number): void {
    const isolate = this.isolates.get(id);
    if (isolate === undefined || isolate.farewell !== undefined) return;
    isolate.farewell = setTimeout(() => this.killFor(isolate), KILL_GRACE);
  }

  /** Ends the process because of one isolate. */
  private killFor(isolate: JailedIsolate): void {
    isolate.isGuilty = true;
    this.condemned = this.child;
    this.child?.kill('SIGKILL');
  }

  private receive(id: number, kind: Frame, bytes: Buffer): void {
    const isolate = this.isolates.get(id);
    if (isolate === undefined) return;
    if (kind === Frame.Overrun) {
      isolate.overrun = bytes[0];
      return this.killFor(isolate);
    }
    if (isolate.add(bytes)) this.remove(id, isolate);
    isolate.onEvents();
  }

  private remove(id: number, isolate: JailedIsolate): void {
    clearTimeout(isolate.farewell);
    this.isolates.delete(id);
    if (this.isolates.size > 0) return;
    // The next isolate has a new process.
    this.socket?.end();
    this.child = undefined;
    this.socket = undefined;
  }

  /** The process has ended. Those who have not overrun a limit have only been beside one that has. */
  private lose(child: ChildProcess, text: string): void {
    if (this.child !== child) return;
    this.child = undefined;
    this.socket = undefined;
    const lost = [...this.isolates];
    this.isolates.clear();
    // The offender itself may have ended meanwhile.
    const offender = this.condemned === child;
    const why = offender ? `${text}, because another isolate in it went on beyond its end` : text;
    for (const [id, isolate] of lost) {
      clearTimeout(isolate.farewell);
      if (offender && isolate.canStartAgain) {
        this.place(id, isolate);
        isolate.startAgain();
      } else {
        isolate.lose(why, offender);
        isolate.onEvents();
      }
    }
  }
}

/** One isolate in such a process. */
class JailedIsolate implements Isolate {
  farewell: NodeJS.Timeout | undefined;
  /** The number of the limit that it has overrun. */
  overrun: number | undefined;
  /** The process was killed because of it, or because of another one. */
  isGuilty = false;
  isInnocent = false;
  private batches: Buffer[] = [];
  private isWanted = true;
  /** What it has been sent, until it sends a message: before that it can start again without a trace. */
  private sent: (readonly [kind: Frame, bytes: Uint8Array])[] | undefined = [];

  constructor(
    readonly onEvents: () => void,
    private readonly send: (kind: Frame, bytes: Uint8Array) => void,
  ) {}

  start(setup: Buffer): void {
    this.sendKept(Frame.Start, setup);
  }

  private sendKept(kind: Frame, bytes: Uint8Array): void {
    this.sent?.push([kind, bytes]);
    this.send(kind, bytes);
  }

  get canStartAgain(): boolean {
    return this.isWanted && !this.isGuilty && this.sent !== undefined;
  }

  startAgain(): void {
    for (const [kind, bytes] of this.sent ?? []) this.send(kind, bytes);
  }

  /** Whether it has ended. */
  add(batch: Buffer): boolean {
    this.batches.push(batch);
    let last: Event | undefined;
    eachEvent(batch, (event) => {
      last = event;
      if (event === Event.Message) this.sent = undefined;
    });
    return last === Event.Ended;
  }

  /** @param offender - Another isolate has overrun a limit. */
  lose(why: string, offender: boolean): void {
    this.isInnocent = offender && this.isWanted && !this.isGuilty;
    this.batches.push(eventOf(Event.Ended, this.endingOf(why)));
  }

  private endingOf(why: string): Buffer {
    if (!this.isWanted) return Buffer.of(Ended.Killed);
    if (this.overrun !== undefined) return Buffer.of(Ended.Limit, this.overrun);
    return Buffer.concat([Buffer.of(Ended.Panicked), Buffer.from(why)]);
  }

  take(): Buffer {
    return Buffer.concat(this.batches.splice(0));
  }

  /** Another process has no memory of this one. */
  takeMemories(): [] {
    return [];
  }

  post(message: Buffer): void {
    this.sendKept(Frame.Post, message);
  }

  supply(source: string | null, reason: string | null, code: string | null): void {
    if (source === null) this.send(Frame.NoSource, Buffer.from(JSON.stringify([reason, code])));
    else this.send(Frame.Source, Buffer.from(source));
  }

  kill(): void {
    this.isWanted = false;
    this.send(Frame.Kill, EMPTY);
  }
}
