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

/** Begins to count how much of the processors' time others on the same hardware take; gives a function that tells the share. */
export function watchStolen() {
  const before = times();
  return () => {
    const after = times();
    return after === undefined ? undefined : (after.stolen - before.stolen) / (after.all - before.all);
  };
}

/** Of all processors, since the machine began; only Linux tells. */
function times() {
  if (process.platform !== 'linux') return undefined;
  const fields = /^cpu +(.*)$/m.exec(readFileSync('/proc/stat', 'utf8'))[1].split(' ').map(Number);
  // What guests take is in the first two already.
  return { stolen: fields[7], all: fields.slice(0, 8).reduce((sum, field) => sum + field) };
}

/** A container need not have CPU 0. */
function firstAllowedCpu() {
  const status = readFileSync('/proc/self/status', 'utf8');
  return /^Cpus_allowed_list:\s*(\d+)/m.exec(status)?.[1] ?? '0';
}
