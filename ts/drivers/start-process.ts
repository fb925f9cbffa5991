import { type ChildProcess, spawn, type SpawnOptions, type StdioOptions } from 'node:child_process';

import { invalidOption } from '../errors.js';
import { spawnFailed } from '../host-errors.js';
import { claimSocket, socketPathFor } from '../named-sockets.js';
import { removeSocketFiles } from '../socket-files.js';
import { getNative } from '../native/environment.js';
import type { NativeLifeline, NativePair } from '../native/binding.js';
import { inheritedExecArgv } from '../process-arguments.js';
import { loaderArguments } from '../script.js';
import type { ProcessOptions, StdioMode } from '../types/process-options.js';
import { CHANNEL_VARIABLE, LIFELINE_VARIABLE, LIMITS_VARIABLE, SOCKET_VARIABLE } from '../native/variables.js';
import { ProcessChannel } from './process-channel.js';
import { Terminal } from './terminal.js';
import { refuseOptions } from './refuse-options.js';
import { checkLimits, limitArguments, limitVariable } from './resource-limits.js';

/** How many outcomes a detached worker keeps that no host was there for. */
const KEPT_RESULTS = 100;
const MOST_RESULTS = Number.MAX_SAFE_INTEGER;

/** Starts a worker process, connected by a private pair that nobody else can reach. */
export async function startProcess(script: string, options: ProcessOptions): Promise<ProcessChannel> {
  refuseOptions('child_process', options);
  const execArgv = options.execArgv === undefined ? inheritedExecArgv() : strings('execArgv', options.execArgv);
  const loader = loaderArguments(script, execArgv);
  const { detached = false, socketPath, keepResults = KEPT_RESULTS } = options;
  if (typeof detached !== 'boolean') throw invalidOption('detached', 'true or false', detached);
  if (typeof keepResults !== 'number' || !(keepResults >= 0)) {
    throw invalidOption('keepResults', 'a number, 0 or more', keepResults);
  }
  for (const name of ['socketPath', 'keepResults'] as const) {
    if (!detached && options[name] !== undefined) {
      throw invalidOption(name, 'left out, unless `detached` is true', options[name]);
    }
  }
  const stdio = standardStreams(options.stdio === undefined && detached ? 'ignore' : options.stdio);
  const limits = options.resourceLimits === undefined ? {} : checkLimits(options.resourceLimits);
  const { killTree = false } = options;
  if (typeof killTree !== 'boolean') throw invalidOption('killTree', 'true or false', killTree);
  const terminal = stdio[0] === 'inherit' ? Terminal.save() : undefined;
  const args = [...execArgv, ...limitArguments(limits), ...loader, script, ...strings('argv', options.argv ?? [])];
  const [socket, listener] = detached ? claimSocket(socketPath ?? socketPathFor(undefined)) : [];
  const { addon, environment } = getNative();
  let pair: NativePair | undefined;
  let lifeline: NativeLifeline | undefined;
  try {
    pair = new addon.NativePair();
    lifeline = new addon.NativeLifeline(environment);
    const door = socket && { ...socket, fd: stdio.length + 2, keepResults: Math.min(keepResults, MOST_RESULTS) };
    const child = start(options.execPath ?? process.execPath, args, {
      cwd: options.cwd,
      env: {
        ...(options.env ?? process.env),
        [CHANNEL_VARIABLE]: `fd:${stdio.length}`,
        [LIFELINE_VARIABLE]: `fd:${stdio.length + 1}${killTree ? ',group' : ''}`,
        [LIMITS_VARIABLE]: limitVariable(limits),
        ...(door && { [SOCKET_VARIABLE]: JSON.stringify(door) }),
      },
      detached: detached || killTree,
      stdio: [...stdio, pair.childFd, lifeline.childFd, ...(listener === undefined ? [] : [listener.fd])],
      windowsHide: true,
    });
    await started(child);
    pair.closeChildEnd();
    lifeline.closeChildEnd();
    return new ProcessChannel(child, pair, lifeline, { limits, killTree, terminal }, socket);
  } catch (error) {
    pair?.close();
    lifeline?.close();
    if (socket !== undefined) removeSocketFiles(socket);
    throw error;
  } finally {
    listener?.close();
  }
}

function start(command: string, args: string[], options: SpawnOptions): ChildProcess {
  try {
    return spawn(command, args, options);
  } catch (error) {
    throw spawnFailed(`cannot start a worker process with ${command}`, error);
  }
}

function started(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', () => {
      child.on('error', () => {});
      resolve();
    });
    child.once('error', (error) => reject(spawnFailed(`cannot start a worker process with ${child.spawnfile}`, error)));
  });
}

function standardStreams(stdio: ProcessOptions['stdio'] = 'inherit'): StdioMode[] {
  const modes: unknown[] = Array.isArray(stdio) ? [...stdio] : [stdio, stdio, stdio];
  while (modes.length < 3) modes.push('inherit');
  for (const mode of modes) {
    if (modes.length > 3 || (mode !== 'inherit' && mode !== 'pipe' && mode !== 'ignore')) {
      throw invalidOption('stdio', '"inherit", "pipe" or "ignore", or up to three of them in an array', stdio);
    }
  }
  return modes as StdioMode[] & StdioOptions;
}

function strings(name: string, value: unknown): string[] {
  if (!Array.isArray(value) || value.some((each) => typeof each !== 'string')) {
    throw invalidOption(name, 'an array of strings', value);
  }
  return [...(value as string[])];
}
