// Where processes may run: the CPUs of this process, and pinning a command to one of them.
import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import os from 'node:os';

/** Whether this machine can pin a process, and with it all its children, to one CPU. */
export function canPin() {
  return process.platform === 'linux' && spawnSync('taskset', ['--version']).status === 0;
}

/** The command that runs `command` on one CPU. */
export function pinned(command) {
  return ['taskset', '-c', firstAllowedCpu(), ...command];
}

/** The machine, as a reader of the results needs it. */
export function describeMachine() {
  return {
    node: process.version,
    v8: process.versions.v8,
    platform: `${process.platform} ${process.arch}`,
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
  };
}

/** A container need not have CPU 0. */
function firstAllowedCpu() {
  const status = readFileSync('/proc/self/status', 'utf8');
  return /^Cpus_allowed_list:\s*(\d+)/m.exec(status)?.[1] ?? '0';
}
