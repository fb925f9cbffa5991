import { type ChildProcess, spawn, type SpawnOptions, type StdioOptions } from 'node:child_process';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { invalidOption, WorkerError } from '../../errors/worker-error.js';
import { spawnFailed } from '../../errors/host-errors.js';
import { claimSocket, socketPathFor } from '../../detached/named-sockets.js';
import { removeSocketFiles } from '../../detached/socket-files.js';
import { checkKeepResults, DEFAULT_KEPT } from '../../detached/kept-results.js';
import { checkMaxHosts } from '../../detached/max-hosts.js';
import { checkTimeout } from '../../connection/options.js';
import { getNative } from '../../addon/environment.js';
import type { NativeLifeline, NativePair } from '../../addon/binding.js';
import { inheritedExecArgv, inheritedNodeOptions } from '../exec-argv.js';
import { loaderArguments, resolveScript } from '../script.js';
import { currentFolder } from '../../util/start-folder.js';
import type { ProcessOptions, StdioMode } from '../../types/process-options.js';
import { describeSocket } from '../../worker/channels/describe-socket.js';
import {
  CHANNEL_VARIABLE,
  type Identity,
  IDENTITY_VARIABLE,
  LIFELINE_VARIABLE,
  LIMITS_VARIABLE,
  SERIALIZER,
  SERIALIZER_VARIABLE,
  SIGNALS_VARIABLE,
  SOCKET_VARIABLE,
} from '../../addon/env-variables.js';
import { findExecutable } from './executable.js';
import { ProcessChannel } from './channel.js';
import { Terminal } from './terminal.js';
import { checkStrings } from '../../options/check-list.js';
import { refuseOptions } from '../refuse-options.js';
import { checkLimits, limitArguments, limitVariable } from './resource-limits.js';

const isWindows = process.platform === 'win32';
/** How many outcomes a detached worker keeps while no host is connected. */
const MOST_RESULTS = Number.MAX_SAFE_INTEGER;
/** How many hosts the addon can count. */
const MOST_HOSTS = 2 ** 32 - 1;

/** Starts a worker process, connected by a private socket pair. */
export async function startProcess(given: string, options: ProcessOptions): Promise<ProcessChannel> {
  const { child, open, fail } = prepare(given, options);
  try {
    await started(child, options.cwd);
    return open();
  } catch (error) {
    throw fail(error);
  }
}

/**
 * Starts a worker process before it returns.
 *
 * @throws `ERR_WORKER_SPAWN_FAILED`, without the error of the system, which Node reports later.
 */
export function startProcessNow(given: string, options: ProcessOptions): ProcessChannel {
  const { child, open, fail } = prepare(given, options);
  child.on('error', () => {});
  try {
    if (child.pid === undefined)
      throw startFailed(child.spawnfile, options.cwd, new Error('the system has refused it'));
    return open();
  } catch (error) {
    throw fail(error);
  }
}

/** A process that was asked for. */
interface Prepared {
  readonly child: ChildProcess;
  /** It runs. */
  open(): ProcessChannel;
  /** It does not: releases what it was to have, and returns the error. */
  fail(error: unknown): unknown;
}

function prepare(given: string, options: ProcessOptions): Prepared {
  refuseOptions('child_process', options);
  const script = resolveScript(given);
  const executable = findExecutable(options.execPath, script);
  const folder = folderOf(options.cwd);
  const execArgv =
    options.execArgv === undefined ? inheritedExecArgv(folder) : checkStrings('execArgv', options.execArgv);
  const loader = loaderArguments(script, execArgv);
  const {
    detached = false,
    socketPath,
    keepResults = DEFAULT_KEPT,
    maxHosts: hosts = 1,
    idleTimeout: idle = 0,
  } = options;
  if (typeof detached !== 'boolean') throw invalidOption('detached', 'true or false', detached);
  checkKeepResults(keepResults);
  const maxHosts = checkMaxHosts(hosts);
  const idleTimeout = checkTimeout('idleTimeout', idle);
  for (const name of ['socketPath', 'keepResults', 'maxHosts', 'idleTimeout'] as const) {
    if (!detached && options[name] !== undefined) {
      throw invalidOption(name, 'omitted, unless `detached` is true', options[name]);
    }
  }
  const stdio = standardStreams(options.stdio === undefined && detached ? 'ignore' : options.stdio);
  const limits = options.resourceLimits === undefined ? {} : checkLimits(options.resourceLimits);
  const { killTree = false } = options;
  if (typeof killTree !== 'boolean') throw invalidOption('killTree', 'true or false', killTree);
  const { terminalSignals = 'ignore' } = options;
  if (terminalSignals !== 'ignore' && terminalSignals !== 'default') {
    throw invalidOption('terminalSignals', '"ignore" or "default"', terminalSignals);
  }
  // A separate process group has no terminal.
  const takesSignals = terminalSignals === 'default' || detached || killTree;
  // A dropped standard error still explains why a worker has ended. A detached worker outlives its reader.
  const keepsLines = stdio[2] === 'ignore' && !detached;
  const terminal = stdio[0] === 'inherit' ? Terminal.save() : undefined;
  const args = [...execArgv, ...limitArguments(limits), ...loader, script, ...checkStrings('argv', options.argv ?? [])];
  const env = { ...(options.env ?? process.env), ...executable.env };
  const nodeOptions = inheritedNodeOptions(env, folder);
  if (nodeOptions !== undefined) env['NODE_OPTIONS'] = nodeOptions;
  const [socket, listener] = detached ? claimSocket(socketPath ?? socketPathFor(undefined)) : [];
  const { addon, environment } = getNative();
  let pair: NativePair | undefined;
  let lifeline: NativeLifeline | undefined;
  const fail = (error: unknown): unknown => {
    pair?.close();
    lifeline?.close();
    listener?.close();
    if (socket !== undefined) removeSocketFiles(socket);
    return error;
  };
  try {
    pair = new addon.NativePair();
    lifeline = new addon.NativeLifeline(environment);
    if (socket !== undefined) lifeline.giveToken(socket.token);
    const inherited: number[] = [];
    const find = (end: ChildEnd) => end.childAddress ?? `fd:${stdio.length + inherited.push(end.childFd) - 1}`;
    const [channel, life] = [find(pair), find(lifeline)];
    const named = socket && {
      path: socket.path,
      keepResults: Math.min(keepResults, MOST_RESULTS),
      maxHosts: Math.min(maxHosts, MOST_HOSTS),
      ...(idleTimeout > 0 && idleTimeout < Infinity && { idleTimeout }),
    };
    // A worker that inherits no listening socket listens itself.
    const fd = listener === undefined || listener.childAddress !== null ? undefined : stdio.length + inherited.length;
    if (fd !== undefined) inherited.push(listener?.fd as number);
    const child = start(executable.command, args, {
      cwd: options.cwd,
      env: {
        ...env,
        [CHANNEL_VARIABLE]: channel,
        [LIFELINE_VARIABLE]: `${life}${killTree ? ',group' : ''}`,
        [LIMITS_VARIABLE]: limitVariable(limits),
        [IDENTITY_VARIABLE]: JSON.stringify(
          identify(script, executable.chain, pair.childFd, lifeline.childFd, listener?.fd),
        ),
        [SERIALIZER_VARIABLE]: (options as { [SERIALIZER]?: string })[SERIALIZER] ?? 'structured',
        ...(takesSignals && { [SIGNALS_VARIABLE]: 'default' }),
        ...(named && { [SOCKET_VARIABLE]: JSON.stringify({ ...named, fd }) }),
      },
      // A tree of processes is a Job Object there, and no group.
      detached: detached || (killTree && !isWindows),
      stdio: [...stdio.slice(0, 2), keepsLines ? 'pipe' : (stdio[2] as StdioMode), ...inherited],
      windowsHide: true,
    });
    const [ours, guard] = [pair, lifeline];
    const open = () => {
      for (const end of [ours, guard, listener]) end?.childStarted();
      return new ProcessChannel(child, ours, guard, { limits, killTree, terminal, keepsLines }, socket, listener);
    };
    return { child, open, fail };
  } catch (error) {
    throw fail(error);
  }
}

/** The end of a connection that the child gets: a descriptor that it inherits, or an address. */
interface ChildEnd {
  readonly childFd: number;
  readonly childAddress: string | null;
}

/** The environment variable that identifies the worker, and no other process. */
function identify(
  script: string,
  chain: number,
  channel: number,
  lifeline: number,
  socket: number | undefined,
): Identity {
  return {
    host: process.pid,
    script,
    chain: chain === 0 ? undefined : chain,
    channel: describeSocket(channel),
    lifeline: describeSocket(lifeline),
    socket: socket === undefined ? undefined : describeSocket(socket),
  };
}

function start(command: string, args: string[], options: SpawnOptions): ChildProcess {
  try {
    return spawn(command, args, options);
  } catch (error) {
    throw startFailed(command, options.cwd, error);
  }
}

function started(child: ChildProcess, cwd: ProcessOptions['cwd']): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', () => {
      child.on('error', () => {});
      resolve();
    });
    child.once('error', (error) => reject(startFailed(child.spawnfile, cwd, error)));
  });
}

/** The system blames the executable for a missing folder. */
function startFailed(command: string, cwd: ProcessOptions['cwd'], error: unknown): WorkerError {
  const what = `cannot start a worker process with ${command}`;
  const folder = cwd === undefined ? currentFolder() : folderOf(cwd);
  const isFolder = folder !== undefined && statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
  if (isFolder || !/^(ENOENT|ENOTDIR)$/.test((error as NodeJS.ErrnoException).code ?? ''))
    return spawnFailed(what, error);
  const named = cwd === undefined ? 'the current directory was removed' : `\`cwd\` is no directory: ${String(cwd)}`;
  const text = `${what}: ${named}. Set \`cwd\` to a directory that exists.`;
  return new WorkerError('ERR_WORKER_SPAWN_FAILED', text, { cause: error, phase: 'spawn' });
}

function folderOf(cwd: ProcessOptions['cwd'] | URL): string | undefined {
  return cwd instanceof URL ? fileURLToPath(cwd) : cwd;
}

function standardStreams(stdio: ProcessOptions['stdio'] = []): StdioMode[] {
  const modes: unknown[] = Array.isArray(stdio) ? [...stdio] : [stdio, stdio, stdio];
  if (modes.length > 3) throw invalidOption('stdio', 'at most three streams: standard input, output and error', stdio);
  const index = modes.findIndex((mode) => mode !== 'inherit' && mode !== 'pipe' && mode !== 'ignore');
  if (index >= 0) {
    const name = Array.isArray(stdio) ? `stdio[${index}]` : 'stdio';
    throw invalidOption(name, '"inherit", "pipe" or "ignore"', modes[index]);
  }
  modes.push(...['ignore', 'inherit', 'inherit'].slice(modes.length));
  return modes as StdioMode[] & StdioOptions;
}
