import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import path from 'node:path';

import { clearTimeout, setTimeout } from '../../util/primordials.js';
import { Pipe } from '../wire/pipe.js';
import { type Inherited, VARIABLE } from '../inherited.js';

/** What a worker process is started with. */
export interface Program {
  readonly script: string;
  readonly argv: readonly string[];
  readonly execArgv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string | undefined;
  readonly maxMessageSize: number;
}

/** How a worker process has ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error?: string;
}

export interface ProcessListener {
  /** Its script has called `startWorkerServer`. */
  onReady(): void;
  onMessage(bytes: Buffer): void;
  /** After the last message; once. */
  onExit(exit: Exit): void;
}

/** How long the pipe of a process that has ended may stay open, in milliseconds: a program that it has started may hold it. */
const PIPE_GRACE = 500;
/** How long a process without a connection may take to end, in milliseconds. */
const EXIT_GRACE = 1000;
/** The pipe of messages, in the worker. */
const DESCRIPTOR = 3;

/** One process that runs the worker's script. It reaches its host through the pipe to this process. */
export class WorkerProcess {
  private readonly child: ChildProcess;
  private readonly pipe: Pipe;
  private isReady = false;
  private hasEnded = false;
  private hasExited = false;
  private dismissal: NodeJS.Timeout | undefined;

  constructor(
    private readonly program: Program,
    private readonly listener: ProcessListener,
  ) {
    const { script, argv, execArgv, env, cwd, maxMessageSize } = program;
    const inherited: Inherited = { descriptor: DESCRIPTOR, maxMessageSize };
    const preload = path.join(__dirname, 'worker.cjs');
    this.child = spawn(process.execPath, [...execArgv, '--require', preload, script, ...argv], {
      cwd,
      env: { ...env, [VARIABLE]: JSON.stringify(inherited) },
      stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    });
    const socket = this.child.stdio[DESCRIPTOR] as Socket;
    this.pipe = new Pipe(socket, maxMessageSize, (bytes) => this.receive(bytes));
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    this.child.once('error', (error) => {
      if (this.child.pid === undefined) this.end({ code: null, signal: null, error: error.message });
    });
    this.child.once('exit', (code, signal) => {
      this.hasExited = true;
      this.resume();
      const grace = setTimeout(() => socket.destroy(), PIPE_GRACE);
      void closed.then(() => {
        clearTimeout(grace);
        this.end({ code, signal });
      });
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** A host has taken it. */
  open(): void {
    this.pipe.write(Buffer.alloc(0));
  }

  /** Returns whether the worker reads fast enough. */
  send(bytes: Buffer): boolean {
    if (this.hasEnded || this.pipe.socket.destroyed) return true;
    if (this.pipe.waiting > this.program.maxMessageSize) return false;
    this.pipe.write(bytes);
    return true;
  }

  /** Stops to read what the worker sends: its messages wait in the worker. */
  pause(): void {
    if (!this.hasExited) this.pipe.socket.pause();
  }

  resume(): void {
    this.pipe.socket.resume();
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Its host has left. Without a connection it ends by itself, or is killed. */
  dismiss(): void {
    if (this.hasEnded || this.dismissal !== undefined) return;
    this.pipe.socket.destroy();
    this.dismissal = setTimeout(() => this.kill('SIGKILL'), EXIT_GRACE);
  }

  private receive(bytes: Buffer): void {
    if (bytes.length > 0) return this.listener.onMessage(bytes);
    if (this.isReady) return;
    this.isReady = true;
    this.listener.onReady();
  }

  private end(exit: Exit): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    clearTimeout(this.dismissal);
    this.listener.onExit(exit);
  }
}
